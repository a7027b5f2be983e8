#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace kronborg::channel {

/// A field of the request inside; its value may be a credential.
struct InnerField {
  std::string name;  ///< as sent
  base::SecretText value;
};

/// The request inside a call (docs/protocol/secure-channel.md section 2).
struct InnerRequest {
  std::string method;
  std::string target;  ///< the path with its query
  std::optional<base::SecretText> authorization;
  std::optional<std::string> accept, content_type;
  std::vector<InnerField> fields;        ///< of `headers`, without the ignored names
  std::optional<base::SecretText> body;  ///< decoded bytes
};

/// Row 6. Error: secure_malformed ("Malformed inner request"), also for what no HTTP head could
/// hold: other control characters than the three that the table names, a name twice, or more than
/// the head limits of docs/protocol/http.md section 3.
base::Result<InnerRequest> read_inner_request(std::string_view plain);

/// The JSON text that a client seals.
base::SecretText write_inner_request(const InnerRequest& request);

/// What the outer request gives to the one inside.
struct OuterFields {
  std::string_view host;
  std::string_view user_agent;  ///< used unless the inner map has one; may be empty
  bool relayed = false;         ///< X-Osaurus-Relay-Origin was there: it stays in force
  std::string_view relay_origin = {};
  /// X-Forwarded-*, Forwarded, X-Real-IP and Via: what they say of the source stays said.
  std::vector<std::pair<std::string_view, std::string_view>> forwarded = {};
};
/// The request inside as the head of an HTTP/1.1 message, so that the one parser of heads judges
/// it.
base::SecretText head_of(const InnerRequest& request, const OuterFields& outer);

}  // namespace kronborg::channel
