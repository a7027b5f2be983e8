#pragma once

#include <string>
#include <string_view>

namespace kronborg::cli {

/// Ready-made lines for curl, the OpenAI SDK and an MCP client. `url`: of the gate, without a path.
std::string client_lines(std::string_view url, std::string_view key);

}  // namespace kronborg::cli
