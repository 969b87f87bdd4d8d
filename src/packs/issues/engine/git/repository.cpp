#include "packs/issues/engine/git/repository.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <thread>
#include <unordered_set>

#include "base/log.hpp"
#include "packs/issues/engine/git/ancestry.hpp"
#include "packs/issues/engine/git/libgit2.hpp"
#include "packs/issues/engine/git/raw_objects.hpp"
#include "packs/issues/engine/git/reference_name.hpp"
#include "packs/issues/engine/git/repository_id.hpp"

namespace hearth::packs::issues {
namespace {

// More objects than these are moved as one pack.
constexpr std::size_t most_loose_copies = 200;

git_oid oid_of(const ObjectId& id) {
  git_oid oid;
  std::memcpy(oid.id, id.bytes.data(), id.bytes.size());
  return oid;
}

ObjectId id_of(const git_oid& oid) {
  ObjectId id;
  std::memcpy(id.bytes.data(), oid.id, id.bytes.size());
  return id;
}

Errc errc_of(int code) {
  switch (code) {
    case GIT_ENOTFOUND:
      return Errc::not_found;
    case GIT_ELOCKED:
      return Errc::busy;
    case GIT_EOWNER:
      return Errc::permission;
    case GIT_EINVALIDSPEC:
      return Errc::invalid_args;
    default:
      return Errc::io;
  }
}

std::unexpected<Error> failed(const Libgit2& git, int code, const std::string& what) {
  const git_error* last = git.error_last();
  return fail(errc_of(code), what + ": " + (last == nullptr ? "git error" : last->message));
}

// The library says "not found" of three things: no repository, one of somebody else, and no setting
// that says whose may be used all the same.
Error not_opened(const Libgit2& git, int code, const std::string& directory) {
  const git_error* last = git.error_last();
  const std::string why = last == nullptr ? "git error" : last->message;
  const bool is_elsewhere = last != nullptr && last->klass == GIT_ERROR_CONFIG;
  if (code == GIT_EOWNER || (code == GIT_ENOTFOUND && is_elsewhere)) {
    return {Errc::permission,
            "the repository of " + directory + " belongs to another user",
            {"git config --global --add safe.directory PATH, with the path of the repository"}};
  }
  // Callers tell their directory in JSON, which has no other bytes: it stands in for them there.
  constexpr std::string_view replacement = "\uFFFD";
  if (code == GIT_ENOTFOUND && directory.contains(replacement)) {
    return {Errc::unsupported,
            "the path of the working directory is not UTF-8, so it cannot be named: " + directory,
            {"rename the directory, or reach it by a link whose path is UTF-8"}};
  }
  if (code == GIT_ENOTFOUND) {
    return {Errc::not_found,
            directory + " is in no git repository",
            {"run it inside of a repository, or `git init` one"}};
  }
  if (why.starts_with("unsupported extension")) {
    return {Errc::unsupported,
            "the repository of " + directory +
                " is kept as issues cannot read it (SHA-256, reftable): " + why,
            {"issues need object ids of SHA-1 and references in files"}};
  }
  return {errc_of(code), "open the repository of " + directory + ": " + why, {}};
}

// What a writer notes: the reference that it changes, and a second line if it removes that, for
// which git rewrites packed-refs.
constexpr std::string_view packed_too = "\npacked-refs";

// Other programs hold a reference's lock file for a moment; what is older was left by one.
std::chrono::milliseconds patience_with(const std::string& lock_file) {
  constexpr std::time_t old_s = 60;
  struct stat found{};
  const bool was_left =
      ::stat(lock_file.c_str(), &found) == 0 && std::time(nullptr) - found.st_mtime > old_s;
  return std::chrono::milliseconds(was_left ? 200 : 5000);
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

struct Repository::Handle {
  const Libgit2& git;
  git_repository* repository = nullptr;
  git_odb* objects = nullptr;

  explicit Handle(const Libgit2& from) : git(from) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    git.odb_free(objects);
    git.repository_free(repository);
  }
};

Repository::Repository(std::unique_ptr<Handle> handle,
                       std::string common_directory,
                       const Options& options)
    : handle_(std::move(handle)),
      common_directory_(std::move(common_directory)),
      options_(options),
      write_lock_(common_directory_ + "/hearth") {}

Repository::~Repository() = default;

Result<std::unique_ptr<Repository>> Repository::open(const std::string& directory,
                                                     const Options& options) {
  const auto git = load_libgit2(options.is_power_safe);
  if (!git) return std::unexpected(git.error());
  auto handle = std::make_unique<Handle>(**git);
  int code = handle->git.repository_open_ext(&handle->repository, directory.c_str(), 0, nullptr);
  if (code != 0) return std::unexpected(not_opened(handle->git, code, directory));
  code = handle->git.repository_odb(&handle->objects, handle->repository);
  if (code != 0) return failed(handle->git, code, "open the repository of " + directory);
  std::string common = without_slash(handle->git.repository_commondir(handle->repository));
  return std::unique_ptr<Repository>(new Repository(std::move(handle), std::move(common), options));
}

Result<std::string> Repository::id() const {
  return read_repository_id(common_directory_);
}

std::optional<std::string> Repository::work_tree() const {
  const char* path = handle_->git.repository_workdir(handle_->repository);
  if (path == nullptr) return std::nullopt;
  return without_slash(path);
}

Result<std::vector<std::string>> Repository::tracked_files() const {
  const Libgit2& git = handle_->git;
  std::vector<std::string> paths;
  if (git.repository_workdir(handle_->repository) == nullptr) return paths;
  git_index* index = nullptr;
  const int code = git.repository_index(&index, handle_->repository);
  if (code != 0) return failed(git, code, "read the index");
  const std::size_t count = git.index_entrycount(index);
  for (std::size_t i = 0; i < count; ++i) {
    const git_index_entry* entry = git.index_get_byindex(index, i);
    const bool is_file =
        entry->mode == GIT_FILEMODE_BLOB || entry->mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    if (is_file && (paths.empty() || paths.back() != entry->path)) paths.emplace_back(entry->path);
  }
  git.index_free(index);
  return paths;
}

std::optional<std::string> Repository::remote_url(const std::string& name) const {
  git_remote* remote = nullptr;
  if (handle_->git.remote_lookup(&remote, handle_->repository, name.c_str()) != 0) {
    return std::nullopt;
  }
  const char* url = handle_->git.remote_url(remote);
  std::optional<std::string> text;
  if (url != nullptr) text = url;
  handle_->git.remote_free(remote);
  return text;
}

std::optional<std::string> Repository::push_url(const std::string& remote_name) const {
  git_remote* remote = nullptr;
  if (handle_->git.remote_lookup(&remote, handle_->repository, remote_name.c_str()) != 0) {
    return std::nullopt;
  }
  const char* url = handle_->git.remote_pushurl(remote);
  std::optional<std::string> text;
  if (url != nullptr) text = url;
  handle_->git.remote_free(remote);
  return text;
}

std::vector<std::string> Repository::configured(const std::string& name) const {
  const Libgit2& git = handle_->git;
  std::vector<std::string> values;
  git_config* config = nullptr;
  if (git.repository_config(&config, handle_->repository) != 0) return values;
  git_config_iterator* each = nullptr;
  if (git.config_multivar_iterator_new(&each, config, name.c_str(), nullptr) == 0) {
    git_config_entry* entry = nullptr;
    while (git.config_next(&entry, each) == 0) {
      if (entry->value != nullptr) values.emplace_back(entry->value);
    }
    git.config_iterator_free(each);
  }
  git.config_free(config);
  return values;
}

// ---- Objects ----------------------------------------------------------------------------------

Result<ObjectId> Repository::write_object(std::string_view content, int kind) {
  git_oid oid;
  const int code = handle_->git.odb_write(&oid, handle_->objects, content.data(), content.size(),
                                          static_cast<git_object_t>(kind));
  if (code != 0) return failed(handle_->git, code, "write an object");
  return id_of(oid);
}

Result<ObjectId> Repository::write_blob(std::string_view content) {
  return write_object(content, GIT_OBJECT_BLOB);
}

Result<ObjectId> Repository::write_tree(std::vector<TreeEntry> entries) {
  return write_object(encode_tree(std::move(entries)), GIT_OBJECT_TREE);
}

Result<ObjectId> Repository::write_commit(const Commit& commit) {
  return write_object(encode_commit(commit), GIT_OBJECT_COMMIT);
}

Result<std::pair<int, std::string>> Repository::read_object(const ObjectId& id) const {
  const Libgit2& git = handle_->git;
  const git_oid oid = oid_of(id);
  git_odb_object* object = nullptr;
  const int code = git.odb_read(&object, handle_->objects, &oid);
  if (code == GIT_ENOTFOUND) {
    return fail(Errc::damaged, "the repository lacks the object " + hex_of(id),
                {"hearth issues doctor"});
  }
  if (code != 0) return failed(git, code, "read the object " + hex_of(id));
  std::string content(static_cast<const char*>(git.odb_object_data(object)),
                      git.odb_object_size(object));
  const int kind = git.odb_object_type(object);
  git.odb_object_free(object);
  return std::pair{kind, std::move(content)};
}

// Whoever can push can push a few compressed bytes that stand for many: their number is in front.
Result<std::string> Repository::read_object(const ObjectId& id,
                                            int kind,
                                            std::size_t most_bytes) const {
  if (most_bytes != SIZE_MAX) {
    const git_oid oid = oid_of(id);
    std::size_t size = 0;
    git_object_t found = GIT_OBJECT_INVALID;
    const bool is_known = handle_->git.odb_read_header(&size, &found, handle_->objects, &oid) == 0;
    if (is_known && size > most_bytes) {
      return fail(Errc::damaged, "the object " + hex_of(id) + " has " + std::to_string(size) +
                                     " bytes, more than is read");
    }
  }
  auto object = read_object(id);
  if (!object) return std::unexpected(std::move(object.error()));
  if (object->first != kind) {
    return fail(Errc::damaged, "the object " + hex_of(id) + " is of another kind");
  }
  return std::move(object->second);
}

Result<std::string> Repository::read_blob(const ObjectId& id, std::size_t most_bytes) const {
  return read_object(id, GIT_OBJECT_BLOB, most_bytes);
}

Result<std::vector<TreeEntry>> Repository::read_tree(const ObjectId& id,
                                                     std::size_t most_bytes) const {
  const auto content = read_object(id, GIT_OBJECT_TREE, most_bytes);
  if (!content) return std::unexpected(content.error());
  return decode_tree(*content);
}

Result<Commit> Repository::read_commit(const ObjectId& id, std::size_t most_bytes) const {
  const auto content = read_object(id, GIT_OBJECT_COMMIT, most_bytes);
  if (!content) return std::unexpected(content.error());
  return decode_commit(*content);
}

bool Repository::has(const ObjectId& id) const {
  const git_oid oid = oid_of(id);
  return handle_->git.odb_exists(handle_->objects, &oid) == 1;
}

Result<bool> Repository::is_descendant(const ObjectId& of, const ObjectId& ancestor) const {
  return is_ancestor(ancestor, of, [this](const ObjectId& id) -> Result<std::vector<ObjectId>> {
    auto commit = read_commit(id);
    if (!commit) return std::unexpected(std::move(commit.error()));
    return std::move(commit->parents);
  });
}

// ---- References -------------------------------------------------------------------------------

Result<std::optional<ObjectId>> Repository::read_reference(const std::string& name) const {
  git_oid oid;
  const int code = handle_->git.reference_name_to_id(&oid, handle_->repository, name.c_str());
  if (code == GIT_ENOTFOUND) return std::nullopt;
  if (code != 0) return failed(handle_->git, code, "read " + name);
  return id_of(oid);
}

Result<std::vector<Reference>> Repository::references(const std::string& prefix) const {
  const Libgit2& git = handle_->git;
  git_reference_iterator* all = nullptr;
  int code = git.reference_iterator_glob_new(&all, handle_->repository, (prefix + "*").c_str());
  if (code != 0) return failed(git, code, "list " + prefix);
  std::vector<Reference> found;
  for (git_reference* each = nullptr; (code = git.reference_next(&each, all)) == 0;) {
    if (const git_oid* target = git.reference_target(each)) {
      found.push_back({git.reference_name(each), id_of(*target)});
    }
    git.reference_free(each);
  }
  git.reference_iterator_free(all);
  if (code != GIT_ITEROVER) return failed(git, code, "list " + prefix);
  std::ranges::sort(found, {}, &Reference::name);
  return found;
}

// What a dead writer left is taken away before anything else happens. The note is a file's content:
// nothing is taken away by it but what a writer of ours makes.
Result<WriteLock::Held> Repository::lock() {
  auto held = write_lock_.take(options_.patience);
  if (!held) return held;
  // Writing goes on without: then its cache is known by the log's head alone.
  if (auto made = make_repository_id(common_directory_); !made)
    log::warning("a repository gets no name", {log::kv("why", made.error().message)});
  if (held->left().empty()) return held;
  std::string_view name = held->left();
  const bool is_removal = name.ends_with(packed_too);
  if (is_removal) name.remove_suffix(packed_too.size());
  if (is_issue_reference(name)) {
    ::unlink((common_directory_ + "/" + std::string(name) + ".lock").c_str());
    if (is_removal) ::unlink((common_directory_ + "/packed-refs.lock").c_str());
  }
  held->done();
  return held;
}

Result<bool> Repository::update_reference(WriteLock::Held& held,
                                          const std::string& name,
                                          const std::optional<ObjectId>& expected,
                                          const std::optional<ObjectId>& to) {
  const Libgit2& git = handle_->git;
  git_transaction* change = nullptr;
  int code = git.transaction_new(&change, handle_->repository);
  const std::unique_ptr<git_transaction, decltype(git.transaction_free)> owner(
      change, git.transaction_free);
  held.note(to ? name : name + std::string(packed_too));
  const auto deadline =
      std::chrono::steady_clock::now() +
      std::min(options_.patience, patience_with(common_directory_ + "/" + name + ".lock"));
  if (code == 0) code = git.transaction_lock_ref(change, name.c_str());
  while (code == GIT_ELOCKED && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    code = git.transaction_lock_ref(change, name.c_str());
  }
  if (code == GIT_ELOCKED) {
    held.done();
    return fail(
        Errc::busy,
        common_directory_ + "/" + name + ".lock is held by another program, or was left",
        {"if no git or grite runs, remove that file: hearth issues doctor --fix, once it is "
         "older than 60 s"});
  }
  auto now = code == 0 ? read_reference(name) : std::nullopt;
  if (code == 0 && now && *now == expected) {
    const git_oid target = oid_of(to.value_or(ObjectId{}));
    // Of the reference's own log, if it has one; libgit2 would ask for the user's name and time
    // zone.
    std::string who = "grite";
    std::string address = "grit@local";
    const git_signature author{.name = who.data(),
                               .email = address.data(),
                               .when = {.time = std::time(nullptr), .offset = 0, .sign = '+'}};
    code = to ? git.transaction_set_target(change, name.c_str(), &target, &author, nullptr)
              : git.transaction_remove(change, name.c_str());
    if (code == 0) code = git.transaction_commit(change);
  }
  held.done();
  if (code != 0) return failed(git, code, "update " + name);
  if (!now) return std::unexpected(std::move(now.error()));
  return *now == expected;
}

Result<void> Repository::drop_unreadable_reference(WriteLock::Held& /*held*/,
                                                   const std::string& name) {
  const auto found = read_reference(name);
  if (found) return {};
  if (!is_issue_reference(name)) return std::unexpected(found.error());
  const std::string path = common_directory_ + "/" + name;
  if (::unlink(path.c_str()) != 0) return fail_errno("remove " + path, errno);
  return {};
}

// ---- Packs ------------------------------------------------------------------------------------

namespace {

// Lists what objects need, each behind what it needs itself. Walks without recursion along
// commits: a log is long.
class Closure {
 public:
  using ReadObject = std::function<Result<std::pair<int, std::string>>(const ObjectId&)>;
  using IsWanted = std::function<bool(const ObjectId&)>;
  Closure(ReadObject read, const IsWanted& is_wanted)
      : read_(std::move(read)), is_wanted_(is_wanted) {}

  Result<void> add(const ObjectId& root) {
    std::vector<std::pair<ObjectId, bool>> waiting{{root, false}};
    while (!waiting.empty()) {
      const auto [id, is_ready] = waiting.back();
      waiting.pop_back();
      if (is_ready) {
        order_.push_back(id);
        continue;
      }
      if (!seen_.insert(id).second || !is_wanted_(id)) continue;
      const auto object = read_(id);
      if (!object) return std::unexpected(object.error());
      waiting.emplace_back(id, true);
      if (object->first == GIT_OBJECT_COMMIT) {
        const auto commit = decode_commit(object->second);
        if (!commit) return std::unexpected(commit.error());
        waiting.emplace_back(commit->tree, false);
        for (const ObjectId& parent : commit->parents) waiting.emplace_back(parent, false);
      } else if (object->first == GIT_OBJECT_TREE) {
        const auto entries = decode_tree(object->second);
        if (!entries) return std::unexpected(entries.error());
        for (const TreeEntry& entry : *entries) waiting.emplace_back(entry.id, false);
      }
    }
    return {};
  }
  [[nodiscard]] std::vector<ObjectId> take() { return std::move(order_); }

 private:
  const ReadObject read_;
  const IsWanted& is_wanted_;
  std::unordered_set<ObjectId> seen_;
  std::vector<ObjectId> order_;
};

}  // namespace

Result<std::vector<ObjectId>> Repository::needed_by(
    std::span<const ObjectId> roots, const std::function<bool(const ObjectId&)>& is_wanted) const {
  Closure closure([this](const ObjectId& id) { return read_object(id); }, is_wanted);
  for (const ObjectId& root : roots) {
    if (auto added = closure.add(root); !added) return std::unexpected(added.error());
  }
  return closure.take();
}

Result<void> Repository::copy_from(const Repository& other, std::span<const ObjectId> roots) {
  const auto objects = other.needed_by(roots, [this](const ObjectId& id) { return !has(id); });
  if (!objects) return std::unexpected(objects.error());
  if (objects->size() > most_loose_copies) return write_pack(other, *objects);
  for (const ObjectId& id : *objects) {
    const auto object = other.read_object(id);
    if (!object) return std::unexpected(object.error());
    const auto written = write_object(object->second, object->first);
    if (!written) return std::unexpected(written.error());
  }
  return {};
}

// Packs some objects of a repository into this one.
Result<void> Repository::write_pack(const Repository& from, std::span<const ObjectId> objects) {
  const Libgit2& git = handle_->git;
  git_packbuilder* builder = nullptr;
  int code = git.packbuilder_new(&builder, from.handle_->repository);
  const std::unique_ptr<git_packbuilder, decltype(git.packbuilder_free)> owner(
      builder, git.packbuilder_free);
  if (code == 0) git.packbuilder_set_threads(builder, 1);
  for (const ObjectId& id : objects) {
    const git_oid oid = oid_of(id);
    if (code == 0) code = git.packbuilder_insert(builder, &oid, nullptr);
  }
  const std::string directory = common_directory_ + "/objects/pack";
  if (code == 0) code = git.packbuilder_write(builder, directory.c_str(), 0, nullptr, nullptr);
  if (code == 0) code = git.odb_refresh(handle_->objects);
  if (code != 0) return failed(git, code, "pack objects");
  return {};
}

std::string Repository::loose_path(const ObjectId& id) const {
  const std::string hex = hex_of(id);
  return common_directory_ + "/objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

Result<std::size_t> Repository::pack_loose(std::span<const ObjectId> roots) {
  const auto objects = needed_by(roots, [this](const ObjectId& id) {
    struct stat unused;
    return ::stat(loose_path(id).c_str(), &unused) == 0;
  });
  if (!objects) return std::unexpected(objects.error());
  if (objects->empty()) return 0;
  if (auto packed = write_pack(*this, *objects); !packed) {
    return std::unexpected(packed.error());
  }
  for (const ObjectId& id : *objects) {
    const std::string path = loose_path(id);
    ::unlink(path.c_str());
    ::rmdir(path.substr(0, path.rfind('/')).c_str());  // fails until it is empty
  }
  return objects->size();
}

}  // namespace hearth::packs::issues
