#include "packs/knowledge/engine/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/unique_fd.hpp"
#include "store/env.hpp"

namespace hearth::packs::knowledge {
namespace {

namespace fs = std::filesystem;

constexpr auto markdown_suffixes =
    std::to_array<std::string_view>({"markdown", "md", "mdx", "mkd"});
constexpr auto text_suffixes = std::to_array<std::string_view>(
    {"adoc", "asciidoc", "log", "org", "rst", "tex", "text", "txt"});
constexpr auto code_suffixes = std::to_array<std::string_view>(
    {"awk",   "bash",   "bat",     "bzl",    "c",   "cc",  "clj",  "cmake", "conf", "cpp",
     "cs",    "css",    "cxx",     "dart",   "el",  "erl", "ex",   "exs",   "fish", "fs",
     "go",    "gradle", "graphql", "groovy", "h",   "hh",  "hpp",  "hrl",   "hs",   "hxx",
     "ini",   "java",   "jl",      "js",     "jsx", "kt",  "kts",  "less",  "lua",  "m",
     "mjs",   "ml",     "mli",     "mm",     "nim", "nix", "pas",  "php",   "pl",   "pm",
     "proto", "ps1",    "py",      "pyi",    "r",   "rb",  "rs",   "scala", "scss", "service",
     "sh",    "socket", "sql",     "swift",  "tcl", "tf",  "toml", "ts",    "tsx",  "vim",
     "vue",   "xml",    "yaml",    "yml",    "zig", "zsh"});
constexpr auto text_names =
    std::to_array<std::string_view>({"AUTHORS", "CHANGELOG", "CHANGES", "CONTRIBUTING", "COPYING",
                                     "INSTALL", "LICENSE", "NEWS", "NOTICE", "README", "TODO"});
constexpr auto code_names = std::to_array<std::string_view>(
    {"BUILD", "CMakeLists.txt", "Containerfile", "Dockerfile", "GNUmakefile", "Gemfile",
     "Jenkinsfile", "Justfile", "Makefile", "Rakefile", "Vagrantfile", "WORKSPACE", "makefile"});
constexpr auto generated_folders = std::to_array<std::string_view>(
    {"__pycache__", "bower_components", "build", "dist", "node_modules", "out", "target", "venv"});

bool is_one_of(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::int64_t mtime_ns(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

bool is_generated(std::string_view folder) {
  return is_one_of(generated_folders, folder) || folder.starts_with("cmake-build-");
}

// Walks depth first; one stat a name.
class Walk {
 public:
  Walk(const std::stop_token& stop, FoundFiles& found) : stop_(stop), found_(found) {}

  void folder(const std::string& path) {
    const auto names = store::system_env().list(path);
    if (!names) {
      found_.unreadable.push_back(path);
      return skip("unreadable");
    }
    for (const std::string& name : *names) {
      if (stop_.stop_requested() || found_.is_cut) return;
      entry(path == "/" ? "/" + name : path + "/" + name, name);
    }
  }

 private:
  void entry(const std::string& path, const std::string& name) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return skip("unreadable");
    if (name.starts_with('.')) return skip("hidden");
    if (S_ISLNK(status.st_mode)) return skip("symbolic link");
    if (S_ISDIR(status.st_mode)) {
      return is_generated(name) ? skip("build or dependency folder") : folder(path);
    }
    if (!S_ISREG(status.st_mode) || file_type(name) == FileType::other) return skip("other type");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const bool is_pdf = file_type(name) == FileType::pdf;
    if (size > (is_pdf ? most_pdf_bytes : most_file_bytes)) return skip("too large");
    if (found_.files.size() == most_files) {
      found_.is_cut = true;
      return;
    }
    found_.files.push_back({path, mtime_ns(status), size});
  }

  void skip(std::string_view reason) {
    const auto found = found_.skipped.find(reason);
    if (found == found_.skipped.end()) {
      found_.skipped.emplace(reason, 1);
    } else {
      ++found->second;
    }
  }

  const std::stop_token& stop_;
  FoundFiles& found_;
};

}  // namespace

FileType file_type(std::string_view name) {
  if (is_one_of(text_names, name)) return FileType::text;
  if (is_one_of(code_names, name)) return FileType::code;
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return FileType::other;
  std::string suffix(name.substr(dot + 1));
  std::ranges::transform(suffix, suffix.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (is_one_of(markdown_suffixes, suffix)) return FileType::markdown;
  if (suffix == "html" || suffix == "htm" || suffix == "xhtml") return FileType::html;
  if (suffix == "pdf") return FileType::pdf;
  if (is_one_of(text_suffixes, suffix)) return FileType::text;
  if (is_one_of(code_suffixes, suffix)) return FileType::code;
  return FileType::other;
}

Result<FoundFiles> find_files(const std::string& path, const std::stop_token& stop) {
  FoundFiles found;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("import " + path, errno);
  if (S_ISREG(status.st_mode)) {
    found.files.push_back({path, mtime_ns(status), static_cast<std::uint64_t>(status.st_size)});
    return found;
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(Errc::invalid_args, "import " + path + ": neither a file nor a folder");
  }
  Walk(stop, found).folder(path);
  if (stop.stop_requested()) return fail(Errc::cancelled, "the import was cancelled");
  if (!found.unreadable.empty() && found.unreadable.front() == path) {
    return fail(Errc::permission, "import " + path + ": the folder cannot be read");
  }
  std::ranges::sort(found.files, {}, &FoundFile::path);
  return found;
}

Result<std::string> read_text_file(const std::string& path) {
  // Whatever became of the name since it was looked at: only a regular file is read.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) return fail_errno("read " + path, errno);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("read " + path, errno);
  if (!S_ISREG(status.st_mode)) return fail(Errc::unsupported, "other type");
  if (static_cast<std::uint64_t>(status.st_size) > most_file_bytes) {
    return fail(Errc::unsupported, "too large");
  }
  std::string content(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    if (size == content.size()) content.resize(most_file_bytes + 1);  // it grew meanwhile
    const ssize_t got = ::read(fd.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path, errno);
    size += static_cast<std::size_t>(got);
    if (got == 0 || size > most_file_bytes) break;
  }
  if (size > most_file_bytes) return fail(Errc::unsupported, "too large");
  content.resize(size);
  if (content.find('\0') != std::string::npos) return fail(Errc::unsupported, "binary");
  return content;
}

std::vector<std::string> find_folders(const std::string& path) {
  std::vector<std::string> folders{path};
  for (std::size_t i = 0; i < folders.size() && folders.size() < most_files; ++i) {
    const std::string folder = folders[i];
    for (const std::string& name :
         store::system_env().list(folder).value_or(std::vector<std::string>())) {
      const std::string below = folder == "/" ? "/" + name : folder + "/" + name;
      struct stat status{};
      const bool is_folder = ::lstat(below.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
      if (is_folder && !name.starts_with('.') && !is_generated(name)) folders.push_back(below);
    }
  }
  return folders;
}

}  // namespace hearth::packs::knowledge
