#include "app/status.h"

#include <fmt/format.h>

#include "app/app.h"
#include "app/doctor.h"

namespace kronborg::app {

namespace json = base::json;

json::value status_extras(App& app) {
  json::array listening;
  for (const auto& address : app.exposure().listening) listening.emplace_back(address);
  json::array upstreams;
  for (const auto& url : app.exposure().upstreams) upstreams.emplace_back(url);
  if (!app.exposure().serving) {
    for (const auto& upstream : app.config().upstreams()) upstreams.emplace_back(upstream.url);
  }
  const auto store = app.database().facts();
  json::array warnings;
  for (const auto& finding : examine(app)) {
    if (!finding.ok && finding.severity != Severity::note) warnings.emplace_back(finding.message);
  }
  return json::object{
      {"serving", app.exposure().serving},
      {"profile", app.config().text("http.profile")},
      {"origin", app.settings().origin},
      {"listening", std::move(listening)},
      {"upstreams", std::move(upstreams)},
      {"dataFolder", app.data_folder().string()},
      {"store",
       json::object{
           {"kind", store.kind}, {"place", store.place}, {"schemaVersion", store.schema_version}}},
      {"warnings", std::move(warnings)},
  };
}

}  // namespace kronborg::app
