#include "app/schema.h"

#include <algorithm>
#include <vector>

#include "authority/store_schema.h"
#include "pairing/store_schema.h"
#include "spaces/store_schema.h"

namespace kronborg::app {

std::span<const sql::Migration> schema() {
  static const std::vector<sql::Migration> all = [] {
    std::vector<sql::Migration> steps;
    for (const auto& part :
         {authority::migrations(), spaces::migrations(), pairing::migrations()}) {
      steps.insert(steps.end(), part.begin(), part.end());
    }
    std::ranges::sort(steps, {}, &sql::Migration::version);
    return steps;
  }();
  return all;
}

}  // namespace kronborg::app
