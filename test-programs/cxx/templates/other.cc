#include "shared.h"

int (*other_template())(int) { return &twice<int>; }
int *other_variable() { return &shared_variable; }
int *other_static() { return &Counter<int>::total; }
const std::type_info &other_type() { return typeid(Counter<int>); }
int other_count() { return count_once(); }
