void throw_from_elsewhere(const char *text);
