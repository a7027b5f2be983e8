#include "keyholder/locked_page.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "base/secret.h"

namespace kronborg::keyholder {

LockedPages::LockedPages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  size_ = (bytes + page - 1) / page * page;
  data_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data_ == MAP_FAILED) std::abort();
  locked_ = ::mlock(data_, size_) == 0;
  ::madvise(data_, size_, MADV_DONTDUMP);
}

LockedPages::~LockedPages() {
  wipe();
  ::munmap(data_, size_);
}

void LockedPages::wipe() { base::wipe(data_, size_); }

}  // namespace kronborg::keyholder
