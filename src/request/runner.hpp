// Runs a parsed request and answers its call with one envelope.
//
// A batch starts in its order, at most 16 operations at a time; a chain runs one after the other
// and stops at the first failure. Each operation gets the caller, stop token and deadline of the
// whole, and a key made from its key, so that a resend repeats nothing. What operations ask of
// their caller goes to the caller of the whole, when nothing else is left to do; the others are not
// run again. Loop thread.
#pragma once

#include "pack/call.hpp"
#include "request/program.hpp"
#include "request/verbs.hpp"

namespace hearth::request {

// Answers {"results":[…],"summary":{…}}, also when operations fail. The call as a whole fails only
// if nothing was done: two writes of a batch that concern the same thing (`conflict`), or it was
// cancelled before anything succeeded.
void run(Verbs& verbs, Program program, Presentation presentation, pack::Call call);

// Results beyond this many bytes are left out of the envelope, which says so: what remains fits
// into one frame of the socket with the copy as text that MCP asks for.
inline constexpr std::size_t most_result_bytes = std::size_t{2} << 20;

}  // namespace hearth::request
