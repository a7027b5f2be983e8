#include "cli/client_lines.h"

#include <fmt/format.h>

namespace kronborg::cli {

std::string client_lines(std::string_view url, std::string_view key) {
  return fmt::format(
      "curl:\n"
      "  curl {0}/v1/models -H 'Authorization: Bearer {1}'\n"
      "OpenAI SDK (any language):\n"
      "  export OPENAI_BASE_URL={0}/v1\n"
      "  export OPENAI_API_KEY={1}\n"
      "MCP client (Streamable HTTP), when the upstream is an MCP server:\n"
      "  {{\"mcpServers\":{{\"kronborg\":{{\"type\":\"http\",\"url\":\"{0}/mcp\","
      "\"headers\":{{\"Authorization\":\"Bearer {1}\"}}}}}}}}\n",
      url, key);
}

}  // namespace kronborg::cli
