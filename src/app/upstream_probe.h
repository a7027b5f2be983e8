#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kronborg::app {

/// Whether something accepts connections at an upstream URL (http, https or unix:), within a
/// second.
bool answers_connections(std::string_view url);

/// Ports on which model servers usually listen (docs/protocol/cli.md).
std::span<const int> usual_model_ports();

/// The first of the usual ports on 127.0.0.1, other than `own_port`, that answers HTTP: its URL.
std::optional<std::string> find_model_server(int own_port);

}  // namespace kronborg::app
