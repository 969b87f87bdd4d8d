// The forms in which a secret turns up in texts that were not meant to hold it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth::secrets {

// `value` itself; as JSON writes it; in hexadecimal of either case; percent-encoded, wholly or
// where URLs want it; in both base64 alphabets, also as a part of something longer ("user:" before
// it), at each of the three offsets. JSON and percent-encoding also twice and mixed, as in a JSON
// text that is a string of another, and percent-encoded base64. Each once. Forms shorter than
// `shortest` are left out, since they would be found everywhere.
[[nodiscard]] std::vector<std::string> forms_of(std::string_view value, std::size_t shortest);

}  // namespace hearth::secrets
