// Virtual tables, exceptions and initialisers.
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct Shape {
  virtual ~Shape() {}
  virtual double area() const = 0;
  virtual const char *name() const { return "shape"; }
};
struct Square : Shape {
  double side;
  explicit Square(double s) : side(s) {}
  double area() const override { return side * side; }
  const char *name() const override { return "square"; }
};
struct Circle : Shape {
  double radius;
  explicit Circle(double r) : radius(r) {}
  double area() const override {
    if (radius < 0) throw std::runtime_error("negative radius");
    return 3.14159 * radius * radius;
  }
  const char *name() const override { return "circle"; }
};

static std::map<std::string, int> table{{"one", 1}, {"two", 2}};

__attribute__((noinline)) int guarded(const Shape &shape) {
  std::string label = shape.name();
  try {
    return static_cast<int>(shape.area());
  } catch (const std::runtime_error &error) {
    std::printf("%s: %s\n", label.c_str(), error.what());
    return -1;
  } catch (int number) {
    return number;
  }
}

__attribute__((noinline)) void unlimited(int x) {
  if (x == 1) throw 1;
  if (x == 2) throw 2.0;
  if (x == 3) throw "neither";
}
__attribute__((noinline)) void limited(int x) throw(int, double) { unlimited(x); }

int main() {
  limited(0);
  std::vector<std::unique_ptr<Shape>> shapes;
  shapes.emplace_back(new Square(2));
  shapes.emplace_back(new Circle(-1));
  int sum = 0;
  for (auto &shape : shapes) sum += guarded(*shape);
  for (auto &entry : table) sum += entry.second;
  std::printf("%d\n", sum);
}
