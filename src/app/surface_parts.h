#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/router.h"
#include "http/message.h"
#include "http/parse.h"

// What the files of Surface have in common.

namespace kronborg::app {

/// The path that routing uses. Almost no path has an escape.
inline std::string path_of(const http::RequestHead& head) {
  return head.path.find('%') == std::string_view::npos ? std::string(head.path)
                                                       : http::decoded_path(head.path);
}

inline api::SharedSecret shared_secret(const std::optional<http::SecretView>& secret) {
  if (!secret) return nullptr;
  return std::make_shared<const base::SecretText>(secret->reveal());
}

/// Whether a page asks, whose html is sanitised (docs/protocol/spaces.md section 8.6).
inline bool is_browser(const http::RequestHead& head) {
  return head.field("origin").has_value() || head.field("sec-fetch-mode").has_value();
}

}  // namespace kronborg::app
