#include "packs/issues/engine/git/libgit2.hpp"

#include <dlfcn.h>

#include <array>
#include <string>

namespace hearth::packs::issues {
namespace {

constexpr const char* library = "libgit2.so.1.5";

std::unexpected<Error> missing(const char* reason) {
  return fail(Errc::unavailable,
              std::string("issues need ") + library + ": " + (reason == nullptr ? "?" : reason),
              {"install libgit2 1.5 (Debian: libgit2-1.5)"});
}

template <typename Function>
bool find(void* from, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(from, name));
  return function != nullptr;
}

constexpr std::size_t window_bytes = std::size_t{1} << 20;
constexpr std::size_t most_mapped_bytes = std::size_t{4} << 20;  // of all packs

void configure(const Libgit2& git, bool is_power_safe) {
  git.libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, is_power_safe ? 1 : 0);
  // Chunks and events are checked by digests of their own, better ones; to compute git's as well
  // would double the time of a rebuild. What is read is kept by us.
  git.libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
  git.libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
  // Packs are read once, from end to end; mapped whole, they would count as ours from then on.
  git.libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, window_bytes);
  git.libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, most_mapped_bytes);
  // Beside those that it knows: of sparse and partial clones, which keep objects and references as
  // all others do. What a partial clone lacks is told of as missing.
  std::array<const char*, 3> extensions{"worktreeconfig", "partialclone", "preciousobjects"};
  git.libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions.data(), extensions.size());
}

Result<Libgit2> load(bool is_power_safe) {
  // Its threads' data may outlive a store: never unloaded.
  void* const from = ::dlopen(library, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (from == nullptr) return missing(::dlerror());
  Libgit2 git;
  const bool is_whole =
      find(from, "git_libgit2_init", git.libgit2_init) &&
      find(from, "git_libgit2_opts", git.libgit2_opts) &&
      find(from, "git_error_last", git.error_last) &&
      find(from, "git_repository_open_ext", git.repository_open_ext) &&
      find(from, "git_repository_free", git.repository_free) &&
      find(from, "git_repository_commondir", git.repository_commondir) &&
      find(from, "git_repository_workdir", git.repository_workdir) &&
      find(from, "git_repository_config", git.repository_config) &&
      find(from, "git_config_multivar_iterator_new", git.config_multivar_iterator_new) &&
      find(from, "git_config_next", git.config_next) &&
      find(from, "git_config_iterator_free", git.config_iterator_free) &&
      find(from, "git_config_free", git.config_free) &&
      find(from, "git_repository_odb", git.repository_odb) &&
      find(from, "git_repository_index", git.repository_index) &&
      find(from, "git_index_entrycount", git.index_entrycount) &&
      find(from, "git_index_get_byindex", git.index_get_byindex) &&
      find(from, "git_index_free", git.index_free) && find(from, "git_odb_read", git.odb_read) &&
      find(from, "git_odb_read_header", git.odb_read_header) &&
      find(from, "git_odb_write", git.odb_write) && find(from, "git_odb_exists", git.odb_exists) &&
      find(from, "git_odb_refresh", git.odb_refresh) && find(from, "git_odb_free", git.odb_free) &&
      find(from, "git_odb_object_data", git.odb_object_data) &&
      find(from, "git_odb_object_size", git.odb_object_size) &&
      find(from, "git_odb_object_type", git.odb_object_type) &&
      find(from, "git_odb_object_free", git.odb_object_free) &&
      find(from, "git_reference_name_to_id", git.reference_name_to_id) &&
      find(from, "git_reference_iterator_glob_new", git.reference_iterator_glob_new) &&
      find(from, "git_reference_next", git.reference_next) &&
      find(from, "git_reference_iterator_free", git.reference_iterator_free) &&
      find(from, "git_reference_name", git.reference_name) &&
      find(from, "git_reference_target", git.reference_target) &&
      find(from, "git_reference_free", git.reference_free) &&
      find(from, "git_transaction_new", git.transaction_new) &&
      find(from, "git_transaction_lock_ref", git.transaction_lock_ref) &&
      find(from, "git_transaction_set_target", git.transaction_set_target) &&
      find(from, "git_transaction_remove", git.transaction_remove) &&
      find(from, "git_transaction_commit", git.transaction_commit) &&
      find(from, "git_transaction_free", git.transaction_free) &&
      find(from, "git_remote_lookup", git.remote_lookup) &&
      find(from, "git_remote_url", git.remote_url) &&
      find(from, "git_remote_pushurl", git.remote_pushurl) &&
      find(from, "git_remote_free", git.remote_free) &&
      find(from, "git_packbuilder_new", git.packbuilder_new) &&
      find(from, "git_packbuilder_set_threads", git.packbuilder_set_threads) &&
      find(from, "git_packbuilder_insert", git.packbuilder_insert) &&
      find(from, "git_packbuilder_insert_commit", git.packbuilder_insert_commit) &&
      find(from, "git_packbuilder_write", git.packbuilder_write) &&
      find(from, "git_packbuilder_object_count", git.packbuilder_object_count) &&
      find(from, "git_packbuilder_free", git.packbuilder_free);
  if (!is_whole) return missing(::dlerror());
  if (git.libgit2_init() < 0) return missing("it does not start");
  configure(git, is_power_safe);
  return git;
}

}  // namespace

Result<const Libgit2*> load_libgit2(bool is_power_safe) {
  static const Result<Libgit2> loaded = load(is_power_safe);
  if (!loaded) return std::unexpected(loaded.error());
  return &*loaded;
}

}  // namespace hearth::packs::issues
