// Who may come in: by Host and Origin, so that no page in a browser reaches the daemon by way of a
// name of its own (DNS rebinding), and by a token that only the owner can read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "web/message.hpp"

namespace hearth::web {

// "localhost:7000", "127.0.0.1:7000" or "[::1]:7000" with our port; without it only for port 80.
[[nodiscard]] bool is_own_host(std::string_view host, std::uint16_t port);
// "http://" and one of these.
[[nodiscard]] bool is_own_origin(std::string_view origin, std::uint16_t port);

// Whether the Authorization header is "Bearer" with this token, in a time that says nothing of how
// much of it is right.
[[nodiscard]] bool bears(const Request& request, std::string_view token);

// At most `most` bytes of a regular file of ours; `permission` when others may read it.
[[nodiscard]] Result<std::string> read_private(const std::string& path, std::size_t most);
// The token in the file at `path`; a new one, in a new file of mode 0600, if there is none.
// `permission` when others may read the file.
[[nodiscard]] Result<std::string> load_token(const std::string& path);

}  // namespace hearth::web
