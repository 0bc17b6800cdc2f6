# GdCuda.cmake -- libgdrun_cuda.so, the plugin with our CUDA backend and kernels (GD_CUDA).
#
# Sources are found by name: kernels/**/*.cu, kernels/**/*_cuda.c, kernels/cuda/*.c,
# engine/backend_cuda*.c. Tile choices (*_pick.c) are plain C and part of libgdrun too, so that
# tests reach them without a GPU.
set(GD_CUDA AUTO CACHE STRING "The CUDA plugin: AUTO, ON or OFF")
# SASS for each generation from Turing on, and PTX (100) for what lies between and after.
set(GD_CUDA_ARCHS "75-real;80-real;86-real;89-real;90a-real;100;120-real" CACHE STRING
  "Architectures the CUDA kernels are built for")
set(have_cuda 0)
if(NOT GD_CUDA STREQUAL OFF)
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX} AND EXISTS /usr/local/cuda/bin/nvcc)
    set(CMAKE_CUDA_COMPILER /usr/local/cuda/bin/nvcc)
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${GD_CUDA_ARCHS})
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    # The ci build links the runtime shared, so that tests can put a stand-in in its place.
    if(NOT CMAKE_CUDA_RUNTIME_LIBRARY)
      set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
    endif()
    enable_language(CUDA)
    find_package(CUDAToolkit 13.0)
    if(CUDAToolkit_FOUND)
      set(have_cuda 1)
    endif()
  endif()
  if(NOT have_cuda AND GD_CUDA STREQUAL ON)
    message(FATAL_ERROR "GD_CUDA=ON, but no CUDA toolkit of version 13 or newer was found")
  endif()
endif()

set(GD_VENDOR AUTO CACHE STRING "The plugin with rows of cuDNN and cuBLASLt: AUTO, ON or OFF")
set(have_vendor 0)
if(have_cuda AND NOT GD_VENDOR STREQUAL OFF)
  # Sonames 9 and 13: what the headers are for.
  find_path(CUDNN_INCLUDE cudnn_graph.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR})
  find_path(CUBLASLT_INCLUDE cublasLt.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(CUBLASLT_LIBRARY cublasLt HINTS ${CUDAToolkit_LIBRARY_DIR})
  if(CUDNN_INCLUDE AND CUDNN_LIBRARY AND CUBLASLT_INCLUDE AND CUBLASLT_LIBRARY)
    set(have_vendor 1)
  endif()
endif()
if(NOT have_vendor AND GD_VENDOR STREQUAL ON)
  message(FATAL_ERROR "GD_VENDOR=ON, but CUDA, cuDNN 9 or cuBLASLt was not found")
endif()

# Takes the plugin's sources out of the list of the library's.
macro(gd_cuda_split list)
  set(cuda_c_src ${${list}})
  list(FILTER cuda_c_src INCLUDE REGEX
    "_cuda\\.c$|/kernels/cuda/[^/]*\\.c$|/backend_cuda[^/]*\\.c$")
  list(FILTER cuda_c_src EXCLUDE REGEX "_pick\\.c$")
  set(vendor_src ${${list}})
  list(FILTER vendor_src INCLUDE REGEX
    "_vendor\\.c$|/kernels/vendor/[^/]*\\.c$|/plugin_vendor\\.c$")
  set(cuda_shared_src ${${list}})
  list(FILTER cuda_shared_src INCLUDE REGEX "_pick\\.c$")
  if(cuda_c_src)
    list(REMOVE_ITEM ${list} ${cuda_c_src})
  endif()
  if(vendor_src)
    list(REMOVE_ITEM ${list} ${vendor_src})
  endif()
endmacro()

function(gd_cuda_plugin)
  file(GLOB_RECURSE cu_src CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cu)
  # Of the engine a plugin holds only what has no state of its own; gd_mem is the host's.
  set(shared_src engine/status.c engine/mem.c engine/tensor.c engine/device.c)
  add_library(gdrun_cuda MODULE ${cuda_c_src} ${cuda_shared_src} ${shared_src} ${cu_src})
  target_link_libraries(gdrun_cuda PRIVATE gd_flags m)
  target_include_directories(gdrun_cuda SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  string(REGEX REPLACE "-real|-virtual" "" archs "${GD_CUDA_ARCHS}")
  string(REPLACE ";" " sm_" archs "sm_${archs}")
  target_compile_definitions(gdrun_cuda PRIVATE GD_CUDA_BUILT_FOR="${archs}"
    GD_CUDA_HAVE_SM90A=$<BOOL:$<FILTER:${GD_CUDA_ARCHS},INCLUDE,90a>>)
  target_compile_options(gdrun_cuda PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra --expt-relaxed-constexpr -lineinfo
    -Xptxas=--warn-on-spills -Xcompiler=-fvisibility=hidden>
    $<$<AND:$<BOOL:${GD_WERROR}>,$<COMPILE_LANGUAGE:CUDA>>:-Werror=all-warnings>)
  set_target_properties(gdrun_cuda PROPERTIES CUDA_STANDARD 17 CUDA_VISIBILITY_PRESET hidden
    LINKER_LANGUAGE CUDA LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  target_link_options(gdrun_cuda PRIVATE
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map)
endfunction()

# libgdrun_vendor.so, rows that call cuDNN and cuBLASLt. Nothing links it.
function(gd_vendor_plugin)
  add_library(gdrun_vendor MODULE ${vendor_src} engine/status.c engine/mem.c engine/tensor.c
    engine/device.c)
  target_include_directories(gdrun_vendor SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS}
    ${CUDNN_INCLUDE} ${CUBLASLT_INCLUDE})
  if(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL Shared)
    set(runtime CUDA::cudart)
  else()
    set(runtime CUDA::cudart_static)
  endif()
  target_link_libraries(gdrun_vendor PRIVATE gd_flags ${runtime} ${CUDNN_LIBRARY}
    ${CUBLASLT_LIBRARY})
  set_target_properties(gdrun_vendor PROPERTIES
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  target_link_options(gdrun_vendor PRIVATE
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map LINKER:-z,defs)
endfunction()
