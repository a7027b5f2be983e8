// folders: spaces base
#include "spaces/sanitise.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "spaces/sanitised_form_test.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kronborg;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!base::is_utf8(text)) return 0;
  const std::string clean = spaces::sanitise(text);
  const std::string fault = spaces::SanitisedForm::fault(clean);
  if (!fault.empty()) std::fputs(fault.c_str(), stderr);
  require(fault.empty());
  require(base::is_utf8(clean));
  require(spaces::sanitise(clean) == clean);
  return 0;
}
