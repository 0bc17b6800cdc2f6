# GdFont.cmake -- bakes the glyphs of text on pictures into a C file of the build folder.
find_file(GD_FONT DejaVuSans-Bold.ttf DOC "TrueType font for labels"
  PATHS /usr/share/fonts/truetype/dejavu /usr/share/fonts/TTF /usr/share/fonts/dejavu
  /usr/share/fonts/dejavu-sans-fonts)
if(NOT GD_FONT)
  message(FATAL_ERROR "The font DejaVuSans-Bold.ttf was not found; labels are baked from it. "
    "Debian: apt install fonts-dejavu-core. Elsewhere: -DGD_FONT=/path/to/it.ttf")
endif()
add_executable(gd_bake tools/draw/font/bake.c)
target_include_directories(gd_bake PRIVATE ${PROJECT_SOURCE_DIR})
target_include_directories(gd_bake SYSTEM PRIVATE ${STB_INCLUDE})
target_link_libraries(gd_bake PRIVATE m)
set(font_atlas ${PROJECT_BINARY_DIR}/font_atlas.c)
add_custom_command(OUTPUT ${font_atlas} COMMAND gd_bake ${GD_FONT} ${font_atlas}
  DEPENDS gd_bake ${GD_FONT} COMMENT "Baking ${GD_FONT}" VERBATIM)
