// The standard streams of a program that was started without some of them.
#pragma once

namespace hearth {

// Fills the places of closed standard streams, before anything is opened: else a socket or a store
// takes the place, and is read or written for one. What is put there can be neither read as input
// nor written as output, as before.
void hold_standard_streams();

}  // namespace hearth
