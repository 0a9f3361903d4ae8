// gild-test: libc = glibc
// gild-test: stdout = 42 2a 3.14 true text
// gild-test: stdout = parsed 1 and two
// gild-test: stdout = no number
#include <iomanip>
#include <iostream>
#include <sstream>

int main() {
    std::cout << 42 << ' ' << std::hex << 42 << ' ' << std::setprecision(3) << 3.14159 << ' '
              << std::boolalpha << true << " text" << std::endl;
    std::istringstream input("1 two");
    int number;
    std::string word;
    input >> number >> word;
    std::cout << std::dec << "parsed " << number << " and " << word << "\n";
    if (!(std::istringstream("x") >> number)) std::cout << "no number\n";
}
