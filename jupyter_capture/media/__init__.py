"""The only code that reads and writes media. `hls` is pure text, `fmp4` pure bytes."""
