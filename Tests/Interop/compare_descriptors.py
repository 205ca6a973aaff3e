"""Compares compiled .proto files (a FileDescriptorSet, as `protoc -o` writes it) with the descriptors of
livekit-protocol: every message, field and enum value of ours must be there with the same name, number, type,
label and oneof. Prints one line a difference and ends with status 1 if there is any.
"""

import sys

from google.protobuf import descriptor_pb2, descriptor_pool
from livekit.protocol import models, rtc  # noqa: F401  (importing registers the descriptors)

differences = []
fields = 0


def theirs(find, name):
    try:
        return find(name)
    except KeyError:
        differences.append(f"{name} does not exist")
        return None


def compare_enum(ours, name):
    other = theirs(pool.FindEnumTypeByName, name)
    if other is None:
        return
    numbers = {value.name: value.number for value in other.values}
    for value in ours.value:
        if numbers.get(value.name) != value.number:
            differences.append(f"{name}.{value.name} is {numbers.get(value.name)}, not {value.number}")


def described(field, oneofs):
    oneof = oneofs[field.oneof_index].name if field.HasField("oneof_index") else ""
    return (field.number, field.type, field.label, field.type_name, oneof, field.proto3_optional)


def compare_message(ours, name):
    global fields
    other = theirs(pool.FindMessageTypeByName, name)
    if other is None:
        return
    full = descriptor_pb2.DescriptorProto()
    other.CopyToProto(full)
    by_name = {field.name: field for field in full.field}
    for field in ours.field:
        fields += 1
        match = by_name.get(field.name)
        if match is None:
            differences.append(f"{name}.{field.name} does not exist")
        elif described(match, full.oneof_decl) != described(field, ours.oneof_decl):
            differences.append(
                f"{name}.{field.name} is {described(match, full.oneof_decl)}, not {described(field, ours.oneof_decl)}")
    for nested in ours.nested_type:
        compare_message(nested, f"{name}.{nested.name}")
    for enum in ours.enum_type:
        compare_enum(enum, f"{name}.{enum.name}")


pool = descriptor_pool.Default()
compiled = descriptor_pb2.FileDescriptorSet()
with open(sys.argv[1], "rb") as file:
    compiled.ParseFromString(file.read())
for file in compiled.file:
    for message in file.message_type:
        compare_message(message, f"{file.package}.{message.name}")
    for enum in file.enum_type:
        compare_enum(enum, f"{file.package}.{enum.name}")

for difference in differences:
    print(difference)
print(f"{fields} fields compared, {len(differences)} differences")
sys.exit(1 if differences or fields == 0 else 0)
