#pragma once
#include <pb.h>
