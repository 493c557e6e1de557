#pragma once
// A small tree with one of everything, and a change of every kind to it.

#include <string>

namespace farshore::secondary {

void make_tree(const std::string& root);
void change_tree(const std::string& root);

}  // namespace farshore::secondary
