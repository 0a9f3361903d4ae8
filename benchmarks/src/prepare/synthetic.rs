//! Jobs that grow, and jobs that must not.

use super::Recipe;
use crate::generate::{self, Knobs};
use crate::job::{Check, Job};

/// Megabytes of the unit that the multiples are of.
const UNIT: f64 = 16.0;

/// The multiples.
const MULTIPLES: [u32; 6] = [1, 2, 4, 8, 16, 32];

/// Members that nothing refers to, in the job that shows what they cost.
const UNUSED: usize = 99_990;

/// The recipes.
pub fn recipes() -> Vec<Recipe> {
    let mut recipes = Vec::from(MULTIPLES.map(multiple));
    let sized = |name: &'static str, megabytes: f64| {
        let title = format!("synthetic program of {megabytes} MB");
        recipe(name, &title, None, move |knobs| knobs.size = Some(megabytes))
    };
    recipes.push(sized("synthetic-1m", 1.0));
    let mut largest = sized("synthetic-4g", 4096.0);
    largest.large = true;
    recipes.push(largest);
    recipes.push(members("members-10", "10 members of an archive of 10", 0));
    recipes.push(members("members-100000", "10 members of an archive of 100,000", UNUSED));
    recipes
}

fn multiple(factor: u32) -> Recipe {
    let name = format!("scale-{factor}");
    let title = format!("synthetic program, {factor} x {UNIT} MB");
    recipe(&name, &title, Some(factor.into()), move |knobs| {
        knobs.size = Some(f64::from(factor) * UNIT);
    })
}

fn members(name: &str, title: &str, unused: usize) -> Recipe {
    recipe(name, title, None, move |knobs| {
        knobs.objects = 10;
        knobs.functions = 10;
        knobs.archives = 1;
        knobs.unused = unused;
    })
}

fn recipe(
    name: &str,
    title: &str,
    scale: Option<f64>,
    turn: impl Fn(&mut Knobs) + 'static,
) -> Recipe {
    let mut recipe = Recipe::new(name, title, {
        let name = name.to_owned();
        move |kitchen| {
            let mut knobs = Knobs::named(&name);
            turn(&mut knobs);
            generate::write(&knobs, &kitchen.job)?;
            let mut job = Job::load(&kitchen.job)?;
            job.about.scale = scale;
            job.save()
        }
    });
    recipe.check = Some(Check::default());
    recipe
}
