# GdTests.cmake -- every tests/**/<name>_test.{c,py,sh} is a test of its own; 77 means skipped.
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
find_program(GD_PYTHON /usr/bin/python3 DOC "Python of the distribution, with its PyTorch")

# Tests that say the same with and without sanitizers: skipped there, each with its reason.
set(GD_UNSANITIZED
  "layout_test|reads the sources, runs nothing that was built"
  "op_example_test|builds a tree of its own, without sanitizers"
  "readme_test|holds the page to what the programs print; their commands are tested one by one"
  "quickstart_test|tests a script; gdconvert and gdrun track have tests of their own"
  "track_metrics_test|judges answers that are the same; the trackers have tests of their own")

function(gd_test name)
  set(command ${ARGN})
  set(reasons ${GD_UNSANITIZED})
  list(FILTER reasons INCLUDE REGEX "^${name}[|]")
  if(GD_SANITIZE AND reasons)
    string(REGEX REPLACE "^[^|]*[|]" "" reason "${reasons}")
    set(command ${CMAKE_COMMAND} -E echo "skipped under the sanitizers: ${reason}")
  endif()
  add_test(NAME ${name} COMMAND ${command} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(GD_SANITIZE AND reasons)
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped under")
  endif()
  set(env GD_BUILD=${PROJECT_BINARY_DIR} GD_ROOT=${PROJECT_SOURCE_DIR}
    GD_DATA=${PROJECT_SOURCE_DIR}/../shared/data GD_SANITIZE=${GD_SANITIZE}
    OMP_WAIT_POLICY=passive) # tests run side by side: spinning threads would starve the others
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 ENVIRONMENT "${env}")
endfunction()

if(CMOCKA_FOUND)
  file(GLOB_RECURSE unit_src CONFIGURE_DEPENDS tests/*_test.c)
  foreach(src ${unit_src})
    get_filename_component(stem ${src} NAME_WE)
    add_executable(${stem} ${src})
    target_compile_definitions(${stem} PRIVATE GD_TESTING=1)
    target_include_directories(${stem} PRIVATE ${STB_INCLUDE})
    target_link_libraries(${stem} PRIVATE gd_tools PkgConfig::CMOCKA)
    gd_test(${stem} $<TARGET_FILE:${stem}>)
  endforeach()
else()
  message(WARNING "cmocka was not found: unit tests are not built")
endif()

# A CUDA runtime for machines without a GPU, which the tests named standin_* put in the place of
# the real one; the plugin must be linked to the shared runtime for that.
if(have_cuda AND CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Shared")
  file(GLOB standin_src CONFIGURE_DEPENDS tests/standin/*.c)
  list(FILTER standin_src EXCLUDE REGEX "_test\\.c$")
  set(standin_map ${PROJECT_SOURCE_DIR}/tests/standin/cudart.map)
  add_library(standin SHARED ${standin_src})
  target_link_libraries(standin PRIVATE gd_flags)
  target_include_directories(standin SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  target_link_options(standin PRIVATE -Wl,--version-script=${standin_map})
  set_target_properties(standin PROPERTIES OUTPUT_NAME cudart SOVERSION 13 LINK_DEPENDS
    ${standin_map} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/standin)
endif()
foreach(src ${unit_src})
  get_filename_component(stem ${src} NAME_WE)
  if(stem MATCHES "^standin_" AND CMOCKA_FOUND)
    set_property(TEST ${stem} APPEND PROPERTY ENVIRONMENT
      "LD_LIBRARY_PATH=${PROJECT_BINARY_DIR}/standin")
  endif()
endforeach()

file(GLOB_RECURSE script_src CONFIGURE_DEPENDS tests/*_test.py tests/*_test.sh)
foreach(src ${script_src})
  get_filename_component(stem ${src} NAME_WE)
  if(src MATCHES "\\.py$")
    gd_test(${stem} ${GD_PYTHON} ${src})
  else()
    gd_test(${stem} bash ${src})
  endif()
endforeach()

# op_check: every operator, from the registry alone.
if(EXISTS ${PROJECT_SOURCE_DIR}/tests/op_check.c)
  file(GLOB op_check_src CONFIGURE_DEPENDS tests/op_check*.c)
  add_executable(op_check ${op_check_src} ${case_src})
  target_link_libraries(op_check PRIVATE gd_inside)
  # Large cases take most of its time and run no line of code that the small ones do not: under
  # the sanitizers the small ones say all.
  set(cases)
  if(GD_SANITIZE)
    set(cases --small)
  endif()
  gd_test(op_check $<TARGET_FILE:op_check> ${cases})
  # Skipped without a GPU; the device of host memory keeps the tester itself honest.
  gd_test(op_check_cuda $<TARGET_FILE:op_check> --device cuda)
  gd_test(op_check_pretend $<TARGET_FILE:op_check> --device pretend --small)
endif()

# Bridges from the Python tests of tests/parity: one operator or a whole network on .npy files,
# and picture sizes.
add_executable(op_run tests/parity/op_run.c tests/parity/npy.c)
target_link_libraries(op_run PRIVATE gd_inside)
add_executable(geometry_run tests/parity/geometry_run.c)
target_link_libraries(geometry_run PRIVATE gd_inside)
add_executable(network_run tests/parity/network_run.c tests/parity/npy.c)
target_link_libraries(network_run PRIVATE gd_inside)
add_executable(train_run tests/parity/train_run.c tests/parity/npy.c)
target_link_libraries(train_run PRIVATE gd_inside)
add_executable(track_run tests/track/track_run.c)
target_link_libraries(track_run PRIVATE gd_tools)
add_executable(eval_run tests/eval/eval_run.c)
target_link_libraries(eval_run PRIVATE gd_tools)
add_executable(step_run tests/train/step_run.c tests/parity/npy.c)
target_link_libraries(step_run PRIVATE gd_inside)
add_executable(half_run tests/parity/half_run.c)
target_link_libraries(half_run PRIVATE gd_inside)
# The same for video: what a source gives, against FFmpeg's own programs.
add_executable(video_dump tests/media/video_dump.c)
target_link_libraries(video_dump PRIVATE gd_tools)

# A video through source and sink, for the Python tests of tests/media.
add_executable(video_copy tests/media/video_copy.c)
target_link_libraries(video_copy PRIVATE gd_tools)

# preview_run: a preview for HTTP clients to look at.
add_executable(preview_run tests/media/preview_run.c)
target_link_libraries(preview_run PRIVATE gd_tools)

# model_bench: a whole model through the public interface and the shared library.
add_executable(model_bench bench/model_bench.c)
target_link_libraries(model_bench PRIVATE gdrun gd_flags)
# trace_bench: the same, taken apart by kernel row and by node.
add_executable(trace_bench bench/trace_bench.c)
target_link_libraries(trace_bench PRIVATE gdrun gd_flags)
# pipeline_bench: pictures a second through sessions side by side.
add_executable(pipeline_bench bench/pipeline_bench.c)
target_link_libraries(pipeline_bench PRIVATE gdrun gd_flags)

# track_bench: one frame of tracking.
add_executable(track_bench bench/track_bench.c)
target_link_libraries(track_bench PRIVATE gd_tools)

# op_bench: every kernel row side by side on the shapes of bench/shapes.
file(GLOB op_bench_src CONFIGURE_DEPENDS bench/op_bench*.c)
if(op_bench_src)
  add_executable(op_bench ${op_bench_src})
  target_link_libraries(op_bench PRIVATE gd_inside)
endif()

# Fuzz targets: libFuzzer under clang with GD_FUZZ, else a replay of files given by name.
file(GLOB fuzz_src CONFIGURE_DEPENDS tests/fuzz/*_fuzz.c)
foreach(src ${fuzz_src})
  get_filename_component(stem ${src} NAME_WE)
  if(GD_FUZZ)
    add_executable(${stem} ${src})
    target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${stem} ${src} tests/fuzz/replay.c)
  endif()
  target_include_directories(${stem} PRIVATE ${STB_INCLUDE})
  target_link_libraries(${stem} PRIVATE gd_tools)
endforeach()
