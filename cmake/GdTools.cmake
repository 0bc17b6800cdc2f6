# GdTools.cmake -- the programs gdrun and gdconvert, and what they share (media, draw, ...).
file(GLOB tool_shared CONFIGURE_DEPENDS tools/bench/*.c tools/cli/*.c tools/compare/*.c
  tools/convert/*.c tools/data/*.c tools/draw/*.c tools/eval/*.c tools/media/*.c
  tools/output/*.c tools/plot/*.c tools/track/*.c tools/train/*.c)
file(GLOB gdrun_src CONFIGURE_DEPENDS tools/gdrun.c tools/cmd_*.c)
include(GdFont)
if(tool_shared)
  add_library(gd_tools STATIC ${tool_shared} ${font_atlas})
  target_include_directories(gd_tools SYSTEM PRIVATE ${STB_INCLUDE})
  set_source_files_properties(tools/media/display.c PROPERTIES COMPILE_DEFINITIONS
    GD_HAVE_SDL2=${have_sdl2})
  if(have_sdl2)
    target_include_directories(gd_tools SYSTEM PRIVATE ${SDL2_INCLUDE})
  endif()
  target_link_libraries(gd_tools PUBLIC gd_inside PkgConfig::TURBOJPEG PkgConfig::SECCOMP
    PkgConfig::YAML PkgConfig::YAJL PkgConfig::EXPAT)
else()
  add_library(gd_tools INTERFACE)
  target_link_libraries(gd_tools INTERFACE gd_inside)
endif()
if(gdrun_src)
  add_executable(gdrun_cli ${gdrun_src})
  set_target_properties(gdrun_cli PROPERTIES OUTPUT_NAME gdrun)
  target_link_libraries(gdrun_cli PRIVATE gd_tools)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/tools/gdconvert.c)
  add_executable(gdconvert tools/gdconvert.c)
  target_link_libraries(gdconvert PRIVATE gd_tools)
endif()
