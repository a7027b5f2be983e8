#include "api/openapi.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kronborg::api {

/// The bytes of openapi.json; made by the build.
std::string_view openapi_source();

std::string openapi_document(std::string_view origin) {
  namespace json = boost::json;
  json::value document = json::parse(openapi_source());
  json::object server;
  server["url"] = json::string(origin);
  document.as_object()["servers"] = json::array{std::move(server)};
  return json::serialize(document);
}

}  // namespace kronborg::api
