# GdVideo.cmake -- libgdrun_av.so, the plugin for video through FFmpeg (GD_VIDEO).
#
# Nothing links it; tools/media/video.c loads it. Debian: tools/packages video.
set(GD_VIDEO AUTO CACHE STRING "The video plugin (FFmpeg 5.1 or newer): AUTO, ON or OFF")
set(have_video 0)
if(NOT GD_VIDEO STREQUAL OFF)
  pkg_check_modules(FFMPEG IMPORTED_TARGET libavformat>=59.27 libavcodec>=59.37
    libavutil>=57.28 libswscale>=6.7 libavdevice>=59.7)
  if(FFMPEG_FOUND)
    set(have_video 1)
  elseif(GD_VIDEO STREQUAL ON)
    message(FATAL_ERROR "GD_VIDEO=ON, but FFmpeg's libraries (5.1 or newer) were not found")
  else()
    message(STATUS "FFmpeg's libraries were not found: no video (tools/packages video)")
  endif()
endif()

if(have_video)
  file(GLOB av_src CONFIGURE_DEPENDS tools/media/av/*.c)
  # Of the engine a plugin holds only what has no state of its own; gd_mem is the host's.
  add_library(gdrun_av MODULE ${av_src} tools/media/video_clock.c tools/media/video_frame.c
    tools/media/video_pace.c tools/media/exif.c engine/io.c engine/mem.c engine/status.c)
  target_link_libraries(gdrun_av PRIVATE gd_flags PkgConfig::FFMPEG m)
  set_target_properties(gdrun_av PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/av.map)
  target_link_options(gdrun_av PRIVATE
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/av.map)
  if(NOT GD_SANITIZE) # whose functions are the program's
    target_link_options(gdrun_av PRIVATE LINKER:-z,defs)
  endif()
  # Whoever builds a program that may load it wants it beside that.
  add_dependencies(gd_tools gdrun_av)
endif()
