#include "packs/mandates/sandbox/bubblewrap.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "base/confined_path.hpp"

namespace hearth::packs::mandates::sandbox {
namespace {

// Of /etc: what programs need to find libraries, certificates, the time zone and alternatives.
constexpr std::array etc{"/etc/ld.so.cache",     "/etc/ld.so.conf",
                         "/etc/ld.so.conf.d",    "/etc/alternatives",
                         "/etc/ssl/certs",       "/etc/ssl/openssl.cnf",
                         "/etc/ca-certificates", "/etc/pki",
                         "/etc/localtime",       "/etc/timezone",
                         "/etc/mime.types",      "/etc/services",
                         "/etc/protocols",       "/etc/nsswitch.conf",
                         "/etc/host.conf",       "/etc/magic",
                         "/etc/fonts",           "/etc/texmf",
                         "/etc/java-17-openjdk", "/etc/python3",
                         "/etc/python3.11",      "/etc/perl"};
// Usually symbolic links into /usr.
constexpr std::array roots{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

// Hooks, monitors, pagers and helpers that a repository may configure do not run. (Of two settings
// the later wins, and these come after every file's.)
constexpr std::array<std::array<const char*, 2>, 16> git_settings{{
    {"core.hooksPath", "/dev/null"},
    {"core.fsmonitor", "false"},
    {"core.pager", "cat"},
    {"core.editor", "true"},
    {"core.sshCommand", "false"},
    {"core.attributesFile", "/dev/null"},
    {"core.excludesFile", "/dev/null"},
    {"credential.helper", ""},
    {"commit.gpgSign", "false"},
    {"log.showSignature", "false"},
    {"gpg.program", "false"},
    {"gpg.ssh.program", "false"},
    {"gpg.x509.program", "false"},
    {"submodule.recurse", "false"},
    {"diff.ignoreSubmodules", "all"},
    {"protocol.ext.allow", "never"},
}};

class Arguments final {
 public:
  void add(std::initializer_list<std::string> words) { words_.insert(words_.end(), words); }
  void read_only(const std::string& path) { add({"--ro-bind", path, path}); }
  [[nodiscard]] std::vector<std::string> take() && { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

void add_system(Arguments& to, const Plan& plan, const Surroundings& around) {
  to.read_only("/usr");
  for (const char* const root : roots) {
    struct stat status{};
    if (::lstat(root, &status) != 0) continue;
    std::array<char, 256> target{};
    const ssize_t size =
        S_ISLNK(status.st_mode) ? ::readlink(root, target.data(), target.size()) : -1;
    if (size > 0)
      to.add({"--symlink", std::string(target.data(), static_cast<std::size_t>(size)), root});
    else
      to.read_only(root);
  }
  for (const char* const path : etc) to.add({"--ro-bind-try", path, path});
  to.add({"--ro-bind-data", std::to_string(around.users), "/etc/passwd"});
  to.add({"--ro-bind-data", std::to_string(around.groups), "/etc/group"});
  to.add({"--proc", "/proc", "--dev", "/dev"});
  to.add({"--size", std::to_string(plan.limits.tmp_bytes / 4), "--tmpfs", "/dev/shm"});
  to.add({"--remount-ro", "/dev"});
  to.add({"--size", std::to_string(plan.limits.tmp_bytes), "--tmpfs", "/tmp"});
  to.add({"--dir", inner_home});
  for (const std::string& path : plan.tools) to.read_only(path);
}

void hide(Arguments& to, const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (S_ISDIR(status.st_mode))
    to.add({"--tmpfs", path, "--remount-ro", path});
  else
    to.add({"--ro-bind", "/dev/null", path});
}

}  // namespace

unsigned inner_user() {
  constexpr unsigned first_ordinary = 1'000;
  return ::geteuid() == 0 ? first_ordinary : ::geteuid();
}

std::vector<std::string> bubblewrap_arguments(const Plan& plan, const Surroundings& around) {
  Arguments to;
  const std::string user = std::to_string(inner_user());
  // --unshare-user by name: with --unshare-all alone root keeps its number.
  to.add({"--unshare-all", "--unshare-user", "--disable-userns", "--uid", user, "--gid", user});
  to.add({"--cap-drop", "ALL", "--new-session", "--die-with-parent", "--as-pid-1"});
  to.add({"--hostname", "sandbox"});
  add_system(to, plan, around);
  to.add({plan.may_write ? "--bind" : "--ro-bind", plan.workspace, plan.workspace});
  for (const std::string& path : plan.writable) to.add({"--bind", path, path});
  for (const std::string& path : plan.read_only) to.read_only(path);
  for (const auto& [path, content] : around.replaced)
    to.add({"--ro-bind-data", std::to_string(content), path});
  for (const std::string& path : around.hidden) {
    const auto is_seen_in = [&](const std::string& shown) { return is_within(path, shown); };
    if (is_seen_in(plan.workspace) || std::ranges::any_of(plan.tools, is_seen_in) ||
        std::ranges::any_of(plan.writable, is_seen_in))
      hide(to, path);
  }
  to.add({"--ro-bind", around.program, inner_program});
  if (!around.proxy_socket.empty()) to.add({"--ro-bind", around.proxy_socket, inner_proxy});
  to.add({"--remount-ro", "/", "--chdir", "/"});
  return std::move(to).take();
}

void add_landlock_paths(inside::Order& order, const Plan& plan) {
  order.readable = {"/usr", "/etc", "/proc", "/run/hearth"};
  order.readable.insert(order.readable.end(), roots.begin(), roots.end());
  order.readable.insert(order.readable.end(), plan.tools.begin(), plan.tools.end());
  order.devices = {"/dev"};
  order.writable = {"/tmp", "/dev/shm"};
  (plan.may_write ? order.writable : order.readable).push_back(plan.workspace);
  order.writable.insert(order.writable.end(), plan.writable.begin(), plan.writable.end());
}

std::vector<std::string> environment_of(const Plan& plan) {
  std::vector<std::string> all{"PATH=/usr/local/bin:/usr/bin:/bin",
                               "HOME=" + std::string(inner_home),
                               "TMPDIR=/tmp",
                               "USER=hearth",
                               "LOGNAME=hearth",
                               "SHELL=/bin/sh",
                               "LANG=C.UTF-8",
                               "TERM=dumb",
                               "PAGER=cat",
                               "GIT_PAGER=cat",
                               "GIT_CONFIG_NOSYSTEM=1",
                               "GIT_CONFIG_SYSTEM=/dev/null",
                               "GIT_CONFIG_GLOBAL=/dev/null",
                               "GIT_ATTR_NOSYSTEM=1",
                               "GIT_TERMINAL_PROMPT=0",
                               "GIT_OPTIONAL_LOCKS=0",
                               "GIT_CONFIG_COUNT=" + std::to_string(git_settings.size())};
  for (std::size_t i = 0; i < git_settings.size(); ++i) {
    const std::string number = std::to_string(i);
    all.push_back("GIT_CONFIG_KEY_" + number + "=" + git_settings[i][0]);
    all.push_back("GIT_CONFIG_VALUE_" + number + "=" + git_settings[i][1]);
  }
  if (!plan.network.empty()) {
    const std::string proxy = "http://127.0.0.1:" + std::to_string(inner_proxy_port);
    for (const char* const name : {"https_proxy=", "HTTPS_PROXY=", "http_proxy=", "HTTP_PROXY="})
      all.push_back(name + proxy);
  }
  for (const auto& [name, value] : plan.environment) all.push_back(name + "=" + value);
  return all;
}

std::string refusal_of_variable(const std::string& name, const std::string& value) {
  const auto is_letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  const bool is_name =
      !name.empty() && is_letter(name.front()) &&
      std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
  if (!is_name) return "\"" + name + "\" is no name of a variable";
  if (value.find('\0') != std::string::npos) return name + " has a value with a zero byte";
  static constexpr std::array<std::string_view, 9> prefixes{
      "LD_", "GIT_", "BASH_", "DYLD_", "PYTHON", "PERL", "RUBY", "NODE_", "SSH_"};
  static constexpr std::array<std::string_view, 26> names{"PATH",
                                                          "HOME",
                                                          "ENV",
                                                          "IFS",
                                                          "PS4",
                                                          "SHELL",
                                                          "SHELLOPTS",
                                                          "PAGER",
                                                          "EDITOR",
                                                          "VISUAL",
                                                          "PROMPT_COMMAND",
                                                          "TMPDIR",
                                                          "GCONV_PATH",
                                                          "GLIBC_TUNABLES",
                                                          "JAVA_TOOL_OPTIONS",
                                                          "_JAVA_OPTIONS",
                                                          "https_proxy",
                                                          "HTTPS_PROXY",
                                                          "http_proxy",
                                                          "HTTP_PROXY",
                                                          "ALL_PROXY",
                                                          "all_proxy",
                                                          "no_proxy",
                                                          "NO_PROXY",
                                                          "MAKEFLAGS",
                                                          "CDPATH"};
  const bool is_refused =
      std::ranges::find(names, name) != names.end() ||
      std::ranges::any_of(prefixes, [&](std::string_view each) { return name.starts_with(each); });
  return is_refused ? name + " changes which code runs, and may not be set" : "";
}

}  // namespace hearth::packs::mandates::sandbox
