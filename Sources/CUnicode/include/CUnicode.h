/* Nothing: only the standard library calls what is here. */
