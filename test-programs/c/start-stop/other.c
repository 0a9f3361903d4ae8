__attribute__((section("my_entries"), used)) static const int hundred = 100;
