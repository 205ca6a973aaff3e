#include "livekit_protocol.h"
