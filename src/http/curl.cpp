#include "http/curl.hpp"

#include <dlfcn.h>

#include <string>

namespace hearth::http {
namespace {

constexpr const char* library = "libcurl.so.4";

std::unexpected<Error> missing(const char* reason) {
  return fail(Errc::unavailable,
              std::string("HTTP needs ") + library + ": " + (reason == nullptr ? "?" : reason),
              {"install libcurl 7.85 or newer (Debian: libcurl4)"});
}

template <typename Function>
bool find(void* from, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(from, name));
  return function != nullptr;
}

Result<Curl> load() {
  // A resolver thread of libcurl may outlive the request that it serves: never unloaded.
  void* const from = ::dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (from == nullptr) return missing(::dlerror());
  Curl curl;
  const bool is_whole =
      find(from, "curl_global_init", curl.global_init) &&
      find(from, "curl_easy_init", curl.easy_init) &&
      find(from, "curl_easy_reset", curl.easy_reset) &&
      find(from, "curl_easy_setopt", curl.easy_setopt) &&
      find(from, "curl_easy_getinfo", curl.easy_getinfo) &&
      find(from, "curl_easy_strerror", curl.easy_strerror) &&
      find(from, "curl_easy_cleanup", curl.easy_cleanup) &&
      find(from, "curl_multi_init", curl.multi_init) &&
      find(from, "curl_multi_setopt", curl.multi_setopt) &&
      find(from, "curl_multi_add_handle", curl.multi_add_handle) &&
      find(from, "curl_multi_remove_handle", curl.multi_remove_handle) &&
      find(from, "curl_multi_perform", curl.multi_perform) &&
      find(from, "curl_multi_poll", curl.multi_poll) &&
      find(from, "curl_multi_wakeup", curl.multi_wakeup) &&
      find(from, "curl_multi_info_read", curl.multi_info_read) &&
      find(from, "curl_multi_cleanup", curl.multi_cleanup) &&
      find(from, "curl_slist_append", curl.slist_append) &&
      find(from, "curl_slist_free_all", curl.slist_free_all) && find(from, "curl_url", curl.url) &&
      find(from, "curl_url_set", curl.url_set) && find(from, "curl_url_get", curl.url_get) &&
      find(from, "curl_url_cleanup", curl.url_cleanup) && find(from, "curl_free", curl.free);
  if (!is_whole) return missing(::dlerror());
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return missing("it does not start");
  return curl;
}

}  // namespace

Result<const Curl*> load_curl() {
  static const Result<Curl> loaded = load();
  if (!loaded) return std::unexpected(loaded.error());
  return &*loaded;
}

}  // namespace hearth::http
