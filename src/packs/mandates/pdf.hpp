// Markdown as PDF, by programs that the machine may have: pandoc, and one of two that set pages.
//
//   pandoc -t html | weasyprint   all characters that a font of the machine has
//   pandoc -t ms   | groff        smaller; Latin, Greek, symbols: what else there was is told
//
// They see nothing but the text: each runs in the sandbox, without network, on an empty directory,
// with a deadline. Raw HTML, raw groff and files that the text names are off besides.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "packs/mandates/sandbox/sandbox.hpp"

namespace hearth::packs::mandates {

struct Pdf {
  std::string bytes;
  std::string missing;  // characters that groff's fonts lack: "U+23CE U+6F22"; empty: none
};

// Of Markdown (markdown.hpp): its blocks are broken where a page ends. `unsupported` names the
// program that is missing and how to get it. Blocks, some seconds. `setter`: weasyprint or groff;
// empty: the first of them that is there.
[[nodiscard]] Result<Pdf> to_pdf(const sandbox::Sandbox& sandbox,
                                 std::string_view markdown,
                                 const std::stop_token& stop,
                                 std::string_view setter = {});

}  // namespace hearth::packs::mandates
