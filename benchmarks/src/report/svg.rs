//! Results as a bar chart: every job's wall times, as a ratio to its fastest peer.
//!
//! Ratios and not times, because jobs differ by a factor of a hundred and the goals are ratios.

use super::markdown::millis;
use super::results::{Entry, Measured, Results};
use crate::linkers::Role;
use std::fmt::Write;

const LEFT: f64 = 190.0;
const UNIT: f64 = 170.0;
const BAR: f64 = 13.0;
const GAP: f64 = 14.0;
const WIDTH: f64 = 900.0;
/// Bars end here, however long they are; their label tells the value.
const LONGEST: f64 = 3.4;

/// The chart of the first setting of every job.
pub fn chart(results: &Results) -> String {
    let mut body = String::new();
    let mut y = 46.0;
    for job in &results.jobs {
        let Some(measured) = job.settings.first() else { continue };
        _ = writeln!(
            body,
            r#"<text x="10" y="{}" class="job">{}</text>"#,
            y + 11.0,
            escape(&job.name)
        );
        for entry in shown(measured) {
            body.push_str(&bar(entry, y));
            y += BAR + 2.0;
        }
        y += GAP;
    }
    let goal = line(0.5, y, "half");
    let peer = line(1.0, y, "fastest peer");
    format!("{}{goal}{peer}{body}</svg>\n", head(results, y))
}

fn shown(measured: &Measured) -> impl Iterator<Item = &Entry> {
    measured
        .entries
        .iter()
        .filter(|entry| entry.to_fastest_peer.is_some() && entry.role != Some(Role::Listed))
}

fn head(results: &Results, height: f64) -> String {
    let setting = results.jobs.first().and_then(|job| job.settings.first());
    let setting = setting.map_or("", |measured| measured.setting.title());
    let height = height + 10.0;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">
<style>
text {{ font: 11px sans-serif; fill: #333 }}
.job {{ font-weight: bold }}
.title {{ font-size: 13px }}
.axis {{ stroke: #999; stroke-dasharray: 3 3 }}
.subject {{ fill: #c8961e }} .peer {{ fill: #8fa3b8 }} .floor {{ fill: #d8d8d8 }}
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="18" class="title">Wall time as a multiple of the fastest peer's ({setting}, {} hardware threads)</text>
"##,
        results.machine.cores
    )
}

fn bar(entry: &Entry, y: f64) -> String {
    let ratio = entry.to_fastest_peer.unwrap_or_default();
    let class = match entry.role {
        Some(Role::Subject) => "subject",
        Some(_) => "peer",
        None => "floor",
    };
    let width = ratio.min(LONGEST) * UNIT;
    let baseline = y + BAR - 3.0;
    format!(
        "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" class=\"{class}\"/>\n\
         <text x=\"{:.1}\" y=\"{baseline}\">{} {ratio:.2} ({} ms)</text>\n",
        LEFT + width + 5.0,
        escape(&entry.name),
        millis(entry.wall.median),
    )
}

fn line(ratio: f64, height: f64, label: &str) -> String {
    let x = LEFT + ratio * UNIT;
    format!(
        "<line x1=\"{x}\" y1=\"40\" x2=\"{x}\" y2=\"{height}\" class=\"axis\"/>\n\
         <text x=\"{x}\" y=\"36\" text-anchor=\"middle\">{label}</text>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
