int only_in_archive(void) { return 1; }
