// What Swift's view of the C library leaves out: how much of the heap is taken.
#pragma once
#include <malloc.h>
