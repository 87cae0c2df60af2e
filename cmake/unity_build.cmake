# The sources of each target as one: nearly all of the time goes into headers, which are then read once.
set(CMAKE_UNITY_BUILD ${TANDEM_UNITY_BUILD})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 0) # no limit
if(TANDEM_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Of types in unnamed namespaces, as what is included could be in two objects: it is in one.
    add_compile_options(-Wno-subobject-linkage)
endif()
