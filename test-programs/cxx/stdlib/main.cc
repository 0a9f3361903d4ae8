// A broad sweep over libstdc++: containers, regex, filesystem, locale, chrono, function, variant.
// gild-test: libc = glibc
// gild-test: cflags = -std=c++17
// gild-test: variant plain =
// gild-test: variant gc = -ffunction-sections -fdata-sections | -Wl,--gc-sections
// gild-test: stdout = map a=1 b=2, regex 2024, path c.txt, variant 2.5, sorted 123
#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <variant>
#include <vector>

int main() {
    std::map<std::string, int> map{{"b", 2}, {"a", 1}};
    std::cout << "map";
    for (auto &[key, value] : map) std::cout << ' ' << key << '=' << value;
    std::smatch match;
    std::string date = "on 2024-05-06";
    std::regex_search(date, match, std::regex("(\\d{4})-\\d+"));
    std::cout << ", regex " << match[1] << ", path " << std::filesystem::path("/a/b/c.txt").filename().string();
    std::variant<int, double> either = 2.5;
    std::function<void(double)> print = [](double x) { std::cout << ", variant " << x; };
    print(std::get<double>(either));
    auto numbers = std::make_unique<std::vector<int>>(std::initializer_list<int>{3, 1, 2});
    std::sort(numbers->begin(), numbers->end());
    std::cout << ", sorted ";
    for (int number : *numbers) std::cout << number;
    std::cout << "\n";
}
