#pragma once
// The system headers inside must look the same as in CLinux and CUv, or the three cannot be imported together.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Function-like macros of libssl, libcrypto that Swift cannot see.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>

static inline long lintel_SSL_CTX_set_protocol_versions(SSL_CTX *context, int lowest, int highest) {
  return SSL_CTX_set_min_proto_version(context, lowest) && SSL_CTX_set_max_proto_version(context, highest);
}
static inline void lintel_SSL_CTX_disable_session_cache(SSL_CTX *context) {
  (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline long lintel_SSL_CTX_set_groups(SSL_CTX *context, const char *names) {
  return SSL_CTX_set1_groups_list(context, names);
}
// Datagrams are sized by SSL_set_mtu alone, sessions are neither resumed nor renegotiated.
static inline void lintel_SSL_CTX_set_datagram_options(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
}
static inline long lintel_SSL_set_mtu(SSL *ssl, long bytes) { return SSL_set_mtu(ssl, bytes); }
static inline void lintel_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void lintel_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline EVP_PKEY *lintel_EVP_EC_generate(const char *curve) {
  return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
}

// The IV of the next message of AES-GCM, and the tag that it must have (NULL while encrypting). EVP_CipherInit_ex would
// ask for the length of the IV by name first, and the tag be set by a call of its own: a third of what a short message
// costs. A length of -1 is "the whole IV" (EVP_CTRL_GCM_SET_IV_FIXED).
static inline int lintel_GCM_start(EVP_CIPHER_CTX *context, const unsigned char *iv, const unsigned char *tag) {
  const OSSL_PARAM parameters[] = {
      {OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, OSSL_PARAM_OCTET_STRING, (void *)iv, (size_t)-1, 0},
      {tag ? OSSL_CIPHER_PARAM_AEAD_TAG : NULL, OSSL_PARAM_OCTET_STRING, (void *)tag, 16, 0},
      {NULL, 0, NULL, 0, 0},
  };
  return EVP_CIPHER_CTX_set_params(context, parameters);
}
// The tag of what was encrypted.
static inline int lintel_GCM_tag(EVP_CIPHER_CTX *context, unsigned char *tag) {
  OSSL_PARAM parameters[] = {
      {OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, tag, 16, 0},
      {NULL, 0, NULL, 0, 0},
  };
  return EVP_CIPHER_CTX_get_params(context, parameters);
}

// An HMAC-SHA1 context with its key; EVP_MAC_init with no key starts the next message without a new fetch.
static inline EVP_MAC_CTX *lintel_HMAC_SHA1_new(const unsigned char *key, size_t keyBytes) {
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
  char digest[] = "SHA1";
  OSSL_PARAM parameters[2];
  parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
  parameters[1] = OSSL_PARAM_construct_end();
  EVP_MAC_free(mac);
  if (context && !EVP_MAC_init(context, key, keyBytes, parameters)) {
    EVP_MAC_CTX_free(context);
    context = NULL;
  }
  return context;
}
