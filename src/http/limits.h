#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kronborg::http {

// docs/protocol/http.md section 3.
inline constexpr std::size_t max_request_line_bytes = 8U << 10U;
inline constexpr std::size_t max_field_line_bytes = 8U << 10U;
inline constexpr std::size_t max_head_bytes = 32U << 10U;
inline constexpr std::size_t max_fields = 100;
inline constexpr std::size_t default_body_limit_bytes = 64U << 10U;
inline constexpr std::size_t max_connections = 20'000;
inline constexpr std::size_t max_connections_per_source = 256;
inline constexpr std::chrono::seconds head_time{10};
inline constexpr std::chrono::seconds tls_handshake_time{10};
inline constexpr std::chrono::seconds body_time{30};
inline constexpr std::size_t body_min_bytes_per_second = 1024;  ///< after the first 5 s
inline constexpr std::chrono::seconds idle_time{75};
inline constexpr std::chrono::seconds blocked_write_time{20};
inline constexpr std::chrono::seconds heartbeat_time{15};
inline constexpr std::chrono::seconds graceful_stop_time{25};

}  // namespace kronborg::http
