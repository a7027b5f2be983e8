#include "support/temporary_folder.h"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace kronborg::support {

TemporaryFolder::TemporaryFolder() {
  // Not TMPDIR: the path of a Unix socket in it must stay short.
  std::string name = "/tmp/kronborg.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace kronborg::support
