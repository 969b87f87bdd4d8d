// libgit2, loaded at its first use.
//
// Linked, it would bring 16 libraries (TLS, SSH, Kerberos) into every start of the daemon, for
// the sake of transports that hearth leaves to git itself.
#pragma once

#include <git2.h>

#include "base/result.hpp"

namespace hearth::packs::issues {

// The functions that repository.cpp calls, under their names without the prefix.
struct Libgit2 {
  decltype(&::git_libgit2_init) libgit2_init = nullptr;
  decltype(&::git_libgit2_opts) libgit2_opts = nullptr;
  decltype(&::git_error_last) error_last = nullptr;
  decltype(&::git_repository_open_ext) repository_open_ext = nullptr;
  decltype(&::git_repository_free) repository_free = nullptr;
  decltype(&::git_repository_commondir) repository_commondir = nullptr;
  decltype(&::git_repository_workdir) repository_workdir = nullptr;
  decltype(&::git_repository_config) repository_config = nullptr;
  decltype(&::git_config_multivar_iterator_new) config_multivar_iterator_new = nullptr;
  decltype(&::git_config_next) config_next = nullptr;
  decltype(&::git_config_iterator_free) config_iterator_free = nullptr;
  decltype(&::git_config_free) config_free = nullptr;
  decltype(&::git_repository_odb) repository_odb = nullptr;
  decltype(&::git_repository_index) repository_index = nullptr;
  decltype(&::git_index_entrycount) index_entrycount = nullptr;
  decltype(&::git_index_get_byindex) index_get_byindex = nullptr;
  decltype(&::git_index_free) index_free = nullptr;
  decltype(&::git_odb_read) odb_read = nullptr;
  decltype(&::git_odb_read_header) odb_read_header = nullptr;
  decltype(&::git_odb_write) odb_write = nullptr;
  decltype(&::git_odb_exists) odb_exists = nullptr;
  decltype(&::git_odb_refresh) odb_refresh = nullptr;
  decltype(&::git_odb_free) odb_free = nullptr;
  decltype(&::git_odb_object_data) odb_object_data = nullptr;
  decltype(&::git_odb_object_size) odb_object_size = nullptr;
  decltype(&::git_odb_object_type) odb_object_type = nullptr;
  decltype(&::git_odb_object_free) odb_object_free = nullptr;
  decltype(&::git_reference_name_to_id) reference_name_to_id = nullptr;
  decltype(&::git_reference_iterator_glob_new) reference_iterator_glob_new = nullptr;
  decltype(&::git_reference_next) reference_next = nullptr;
  decltype(&::git_reference_iterator_free) reference_iterator_free = nullptr;
  decltype(&::git_reference_name) reference_name = nullptr;
  decltype(&::git_reference_target) reference_target = nullptr;
  decltype(&::git_reference_free) reference_free = nullptr;
  decltype(&::git_transaction_new) transaction_new = nullptr;
  decltype(&::git_transaction_lock_ref) transaction_lock_ref = nullptr;
  decltype(&::git_transaction_set_target) transaction_set_target = nullptr;
  decltype(&::git_transaction_remove) transaction_remove = nullptr;
  decltype(&::git_transaction_commit) transaction_commit = nullptr;
  decltype(&::git_transaction_free) transaction_free = nullptr;
  decltype(&::git_remote_lookup) remote_lookup = nullptr;
  decltype(&::git_remote_url) remote_url = nullptr;
  decltype(&::git_remote_pushurl) remote_pushurl = nullptr;
  decltype(&::git_remote_free) remote_free = nullptr;
  decltype(&::git_packbuilder_new) packbuilder_new = nullptr;
  decltype(&::git_packbuilder_set_threads) packbuilder_set_threads = nullptr;
  decltype(&::git_packbuilder_insert) packbuilder_insert = nullptr;
  decltype(&::git_packbuilder_insert_commit) packbuilder_insert_commit = nullptr;
  decltype(&::git_packbuilder_write) packbuilder_write = nullptr;
  decltype(&::git_packbuilder_object_count) packbuilder_object_count = nullptr;
  decltype(&::git_packbuilder_free) packbuilder_free = nullptr;
};

// Loads it once; it stays until the process ends. Any thread. `unavailable` says which package is
// missing. Its settings are the process's: objects and references are synced to disk before they
// count when `is_power_safe` of the first call says so.
[[nodiscard]] Result<const Libgit2*> load_libgit2(bool is_power_safe);

}  // namespace hearth::packs::issues
