#!/bin/sh
# Makes an authority, a certificate for each node that is named, and MongoDB's key file, in two volumes: /authority holds the
# authority's key and is mounted nowhere else, /certificates is what the nodes and clients mount. Safe to repeat: what is there
# stays, but for certificates that end within 30 days.
# usage: make.sh <uid>:<node> ...
set -eu
umask 077
authority=/authority
out=/certificates
month=2592000

say() { printf '%s\n' "$*"; }

make_authority() {
  [ -s "$authority/ca.crt" ] && return
  openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 3650 -subj '/O=Faultline/CN=Faultline certificate authority' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout "$authority/ca.key" -out "$authority/ca.crt.new" 2>/dev/null
  mv "$authority/ca.crt.new" "$authority/ca.crt"
  say 'made the certificate authority'
}

publish_authority() {
  mkdir -p "$out/authority"
  chmod 0755 "$out" "$out/authority"
  cp "$authority/ca.crt" "$out/authority/ca.crt.new"
  chmod 0444 "$out/authority/ca.crt.new"
  mv -f "$out/authority/ca.crt.new" "$out/authority/ca.crt"
}

# EventStoreDB knows its peers by one common name; everybody else goes by the alternative names.
make_node() {
  uid=$1
  node=$2
  folder="$out/$node"
  mkdir -p "$folder"
  chmod 0755 "$folder"
  [ -s "$folder/node.crt" ] && openssl x509 -checkend "$month" -noout -in "$folder/node.crt" >/dev/null && return
  work=$(mktemp -d)
  cat >"$work/extensions" <<END
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:$node, DNS:localhost, IP:127.0.0.1
END
  openssl req -newkey rsa:2048 -nodes -sha256 -subj '/O=Faultline/CN=faultline-node' \
    -keyout "$work/node.key" -out "$work/node.csr" 2>/dev/null
  openssl x509 -req -sha256 -days 397 -in "$work/node.csr" -extfile "$work/extensions" \
    -CA "$authority/ca.crt" -CAkey "$authority/ca.key" -CAcreateserial -out "$work/node.crt" 2>/dev/null
  cat "$work/node.key" "$work/node.crt" >"$work/node.pem"
  for file in node.key node.pem; do hand_over "$uid" "$work/$file" "$folder/$file"; done
  chmod 0444 "$work/node.crt"
  mv -f "$work/node.crt" "$folder/node.crt"
  rm -r "$work"
  say "made the certificate of $node"
}

# The owner changes last: without further capabilities root itself may not touch the file from then on.
hand_over() {
  cp "$2" "$3.new"
  chmod 0400 "$3.new"
  chown "$1:$1" "$3.new"
  mv -f "$3.new" "$3"
}

make_key_file() {
  [ -s "$out/mongodb.key" ] && return
  work=$(mktemp)
  openssl rand -base64 512 >"$work"
  hand_over "$1" "$work" "$out/mongodb.key"
  rm "$work"
  say "made MongoDB's key file"
}

make_authority
publish_authority
for entry in "$@"; do
  make_node "${entry%%:*}" "${entry#*:}"
  case $entry in *:mongodb*) make_key_file "${entry%%:*}" ;; esac
done
say 'certificates are in place'
