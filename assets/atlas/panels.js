/* Every panel around the maps, begun once Dash has mounted. */
import { startChosen } from "../panels/chosen.js";
import { startColour } from "../panels/colour.js";
import { startDrawer } from "../panels/drawer.js";
import { startExport } from "../panels/export.js";
import { startFind } from "../panels/find.js";
import { startHints } from "../panels/hints.js";
import { startKeyboard } from "../panels/keyboard.js";
import { startLegend } from "../panels/legend.js";
import { startPages } from "./pages.js";
import { startModels } from "../panels/models.js";
import { placeNotes } from "../panels/notices.js";
import { startPeriodicTable } from "../panels/periodic_table.js";
import { startPresentation } from "../panels/presentation.js";
import { startShare } from "../panels/share.js";
import { startSpace } from "../panels/space.js";
import { startTheme } from "../panels/theme.js";
import { startUntrainedNote } from "../panels/untrained_note.js";
import { startUpload } from "../panels/upload.js";
import { startViews } from "../panels/views.js";

export const startPanels = [
  startUntrainedNote, startPages,
  placeNotes, startKeyboard, startExport, startTheme, startShare, startViews, startChosen, startModels, startSpace, startColour, startLegend, startPeriodicTable, startPresentation, startFind, startDrawer, startUpload, startHints,
];
