#include "api/warnings.h"

#include <boost/json/object.hpp>

namespace kronborg::api {

boost::json::array render(const std::vector<Warning>& warnings) {
  boost::json::array list;
  for (const Warning& warning : warnings) {
    if (list.size() == max_warnings) break;
    boost::json::object entry{
        {"code", warning.code}, {"pointer", warning.pointer}, {"message", warning.message}};
    if (!warning.did_you_mean.empty()) entry["didYouMean"] = warning.did_you_mean;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace kronborg::api
