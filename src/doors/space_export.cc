#include "doors/space_export.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.h"

namespace kronborg::doors {
namespace {

namespace asio = boost::asio;

constexpr std::size_t part_bytes = std::size_t{256} << 10U;
std::atomic<int> running{0};

/// One of the exports that may run; free again at the end.
class Turn {
 public:
  Turn() : taken_(running.fetch_add(1) < most_exports) {}
  ~Turn() { running.fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  bool taken_;
};

/// A file that nobody else can open and that goes with its descriptor.
class Spool {
 public:
  explicit Spool(const std::filesystem::path& folder)
      : descriptor_(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {}
  ~Spool() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) return false;
      size_ += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  std::string read(std::uint64_t offset) const {
    std::string bytes(part_bytes, '\0');
    const ssize_t count =
        pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  int descriptor_;
  std::uint64_t size_ = 0;
};

base::Result<void> fill(Spool& spool, const Loop& loop, const api::Reader& reader) {
  const Turn turn;
  if (!turn.taken())
    return base::Error(base::Code::overloaded, "Too many exports are being written.");
  if (!spool.is_open()) return base::Error(base::Code::store_full, "The export cannot be written.");
  bool whole = true;
  TRY_VOID(loop.router.export_space(reader, [&](std::string_view bytes) {
    whole = whole && spool.write(bytes);
    return whole;
  }));
  if (!whole) return base::Error(base::Code::store_full, "The disk is full.");
  return {};
}

}  // namespace

asio::awaitable<void> serve_space_export(const Loop& loop, http::Exchange& exchange,
                                         api::Request request,
                                         const std::filesystem::path& folder) {
  std::variant<api::Response, api::Reader> admitted;
  base::Result<void> filled;
  Spool spool(folder);
  const bool run = co_await loop.workers.run([&] {
    admitted = loop.router.admit(request);
    if (const auto* reader = std::get_if<api::Reader>(&admitted))
      filled = fill(spool, loop, *reader);
  });
  if (!run) filled = base::Code::overloaded;
  if (const auto* refused = std::get_if<api::Response>(&admitted); run && refused != nullptr) {
    exchange.respond(*refused);
    co_return;
  }
  if (!filled) {
    exchange.respond(api::error_response(filled.error(), exchange.request_id(), "",
                                         loop.router.settings().origin));
    co_return;
  }
  const auto& reader = std::get<api::Reader>(admitted);
  exchange.set_credential_id(spaces::text_of(reader.caller.key_id));
  std::vector<http::Field> fields{{"Content-Type", "application/x-ndjson"}};
  for (const auto& [name, value] : reader.fields) fields.push_back({name, value});
  exchange.start(200, fields, http::Framing::length, spool.size(), true);
  for (std::uint64_t sent = 0; sent < spool.size();) {
    std::string part;
    co_await loop.workers.run([&] { part = spool.read(sent); });
    if (part.empty()) break;
    exchange.put(part);
    sent += part.size();
    if (!co_await exchange.flush()) break;
  }
  exchange.end();
}

}  // namespace kronborg::doors
